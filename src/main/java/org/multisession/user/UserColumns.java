package org.multisession.user;

import java.util.Map;
import java.util.Set;

/** Which columns the team's {@code users} table has beside {@code id}, {@code phone} and {@code auth_token}. */
public record UserColumns(boolean hasPlan, boolean hasCreatedAt) {

    /** Picks them from the names of all columns, in lower case. */
    public static UserColumns of(Set<String> names) {
        return new UserColumns(names.contains("plan"), names.contains("created_at"));
    }

    /**
     * What the words of statements on {@code users u} mean on this table, for {@link org.multisession.db.Database#learn}:
     * {@code {plan}} is its plan, or NULL where it has no such column.
     */
    public Map<String, String> words() {
        return Map.of("plan", hasPlan ? "{planIfAny}" : "NULL");
    }
}
