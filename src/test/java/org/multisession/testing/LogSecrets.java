package org.multisession.testing;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Finds what must never be in a log, by its shape: tokens as we issue them, and whole telephone numbers. */
final class LogSecrets {

    /** 32 bytes in base64url; none is without a capital and a small letter. */
    private static final Pattern TOKEN =
            Pattern.compile("(?<![\\w-])(?=[\\w-]*[A-Z])(?=[\\w-]*[a-z])[\\w-]{43}(?![\\w-])");

    /**
     * A Russian mobile number, as the tests use them, in any of the shapes without separators. Digits among letters are part
     * of something random, such as the id of a request.
     */
    private static final Pattern NUMBER = Pattern.compile("(?<!\\w)(\\+7|7|8|)9\\d{9}(?!\\w)");

    /** The number that our own texts give as an example. */
    private static final String EXAMPLE = "+79991234567";

    private static final String OURS = "org.multisession.";

    private LogSecrets() {}

    /** The lines of our loggers with such a secret. */
    static List<String> in(String log) {
        return log.lines()
                .filter(line -> line.contains(OURS))
                .filter(line -> Stream.of(TOKEN, NUMBER)
                        .anyMatch(secret ->
                                secret.matcher(line.replace(EXAMPLE, "")).find()))
                .toList();
    }
}
