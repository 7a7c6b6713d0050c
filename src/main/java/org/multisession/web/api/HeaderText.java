package org.multisession.web.api;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Encodes any text as the value of a header: visible ASCII stays; everything else, and the percent sign, becomes a
 * percent sign and two hexadecimal digits for each byte of its UTF-8 (RFC 3986, 2.1). So no text can end the line, and
 * each can be decoded.
 */
final class HeaderText {

    /** Proxies hold all headers of an answer in one buffer of 4 KiB or more, and fail if it is too small. */
    private static final int MAX_LENGTH = 1000;

    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private HeaderText() {}

    /**
     * Returns the value; empty for no text, and for one that would be too long, because half of it could mean something
     * else.
     */
    static String of(@Nullable String text) {
        if (text == null || text.length() > MAX_LENGTH) {
            return "";
        }
        StringBuilder value = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (b > ' ' && b < 0x7f && b != '%') {
                value.append((char) b);
            } else {
                value.append('%').append(HEX.toHexDigits(b));
            }
        }
        return value.length() > MAX_LENGTH ? "" : value.toString();
    }
}
