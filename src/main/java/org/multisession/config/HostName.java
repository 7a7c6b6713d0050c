package org.multisession.config;

import java.util.regex.Pattern;

/** The name of a host (RFC 1123, 2.1). */
final class HostName {

    private static final Pattern PATTERN =
            Pattern.compile("[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?(\\.[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?)*");

    private HostName() {}

    /** Returns the text if it is a host name; throws {@link IllegalArgumentException} otherwise. */
    static String require(String text) {
        return Keys.require(text, PATTERN.matcher(text).matches());
    }
}
