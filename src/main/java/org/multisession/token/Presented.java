package org.multisession.token;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What a request carries to say who it is: one or more values, the one that counts first ahead, each with the tokens
 * that it may stand for.
 */
public record Presented(List<List<SessionToken>> values) {

    /**
     * How many different values count. A browser has one or two, and five or six where an application has changed its
     * cookie's path and domain; a stranger might send hundreds.
     */
    public static final int MAX_VALUES = 16;

    /** A request that carries nothing. */
    public static final Presented NOTHING = new Presented(List.of());

    /** Of these values each once, as many as count. */
    public Presented {
        values = values.size() == 1 && !values.get(0).isEmpty()
                ? List.copyOf(values)
                : values.stream()
                        .filter(readings -> !readings.isEmpty())
                        .distinct()
                        .limit(MAX_VALUES)
                        .toList();
    }

    /** One token, of which there is one reading. */
    public static Presented of(SessionToken token) {
        return new Presented(List.of(List.of(token)));
    }

    /** All tokens, in order, each once. */
    public List<SessionToken> tokens() {
        if (values.size() == 1) {
            return values.get(0);
        }
        Set<SessionToken> tokens = new LinkedHashSet<>();
        values.forEach(tokens::addAll);
        return new ArrayList<>(tokens);
    }
}
