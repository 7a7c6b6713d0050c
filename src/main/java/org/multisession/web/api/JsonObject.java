package org.multisession.web.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object that is written as its members are added: for the answers that are asked for most, which a tree of maps
 * would take longer than all the rest of the request.
 */
final class JsonObject {

    private byte[] json = new byte[256];
    private int length;

    /** Whether a member comes before the next one. */
    private boolean isBegun;

    JsonObject() {
        open();
    }

    JsonObject with(String name, long value) {
        name(name);
        ascii(Long.toString(value));
        return this;
    }

    JsonObject with(String name, @Nullable String value) {
        name(name);
        if (value == null) {
            ascii("null");
        } else {
            text(value);
        }
        return this;
    }

    /** A moment, as {@link IsoTime} writes it. */
    JsonObject with(String name, @Nullable Instant value) {
        name(name);
        if (value == null) {
            ascii("null");
        } else {
            add('"');
            makeRoomFor(IsoTime.MAX_LENGTH);
            length = IsoTime.put(value, json, length);
            add('"');
        }
        return this;
    }

    /** A value that is JSON already. */
    JsonObject withJson(String name, byte[] value) {
        name(name);
        bytes(value);
        return this;
    }

    /** The members that follow are those of an object within this one, until {@link #end}. */
    JsonObject begin(String name) {
        name(name);
        open();
        return this;
    }

    JsonObject end() {
        add('}');
        isBegun = true;
        return this;
    }

    /** Its length in bytes, once it has ended. */
    int length() {
        return length;
    }

    void writeTo(OutputStream out) throws IOException {
        out.write(json, 0, length);
    }

    private void open() {
        add('{');
        isBegun = false;
    }

    private void name(String name) {
        if (isBegun) {
            add(',');
        }
        isBegun = true;
        text(name);
        add(':');
    }

    private void text(String text) {
        add('"');
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            if (c == '"' || c == '\\') {
                add('\\');
                add(c);
            } else if (c < ' ') {
                ascii("\\u" + HexFormat.of().toHexDigits((char) c));
            } else if (c < 0x80) {
                add(c);
            } else {
                bytes(Character.toString(c).getBytes(UTF_8));
            }
            i += Character.charCount(c);
        }
        add('"');
    }

    private void ascii(String text) {
        for (int i = 0; i < text.length(); i++) {
            add(text.charAt(i));
        }
    }

    private void bytes(byte[] bytes) {
        makeRoomFor(bytes.length);
        System.arraycopy(bytes, 0, json, length, bytes.length);
        length += bytes.length;
    }

    private void add(int ascii) {
        makeRoomFor(1);
        json[length++] = (byte) ascii;
    }

    private void makeRoomFor(int more) {
        if (length + more > json.length) {
            json = Arrays.copyOf(json, Math.max(length + more, 2 * json.length));
        }
    }
}
