package org.multisession.web.page;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;

/** A small picture, read once. Its type is determined by its bytes, not by its name. */
public final class Logo {

    /** It is loaded with every first page, and a picture of 36 pixels needs no more. */
    public static final int MAX_BYTES = 100 * 1024;

    private static final String SVG = "http://www.w3.org/2000/svg";

    private final byte[] bytes;
    private final String type;
    private final String tag;

    private Logo(byte[] bytes, String type) {
        this.bytes = bytes;
        this.type = type;
        this.tag = "\"" + digest(bytes).substring(0, 32) + "\"";
    }

    /** Reads it; throws {@link IllegalArgumentException} if there is no such picture, or it is too large. */
    public static Logo read(Path file) {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        } catch (IOException e) {
            throw new IllegalArgumentException(e);
        }
        String type = bytes.length > MAX_BYTES ? null : type(bytes);
        if (type == null) {
            throw new IllegalArgumentException();
        }
        return new Logo(bytes, type);
    }

    /** The media type for the answer. */
    public String type() {
        return type;
    }

    /** Changes with the picture. */
    String tag() {
        return tag;
    }

    byte[] bytes() {
        return bytes.clone();
    }

    private static @Nullable String type(byte[] bytes) {
        if (startsWith(bytes, 0, "\u0089PNG\r\n\u001a\n")) {
            return "image/png";
        }
        if (startsWith(bytes, 0, "\u00ff\u00d8\u00ff")) {
            return "image/jpeg";
        }
        if (startsWith(bytes, 0, "RIFF") && startsWith(bytes, 8, "WEBP")) {
            return "image/webp";
        }
        return isSvg(bytes) ? "image/svg+xml" : null;
    }

    private static boolean startsWith(byte[] bytes, int from, String signature) {
        byte[] wanted = signature.getBytes(StandardCharsets.ISO_8859_1);
        return bytes.length >= from + wanted.length
                && Arrays.equals(bytes, from, from + wanted.length, wanted, 0, wanted.length);
    }

    /** Well-formed to its end, and an {@code svg} to begin with. */
    private static boolean isSvg(byte[] bytes) {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        try {
            XMLStreamReader reader = factory.createXMLStreamReader(new ByteArrayInputStream(bytes));
            boolean isSvg = false;
            boolean isFirst = true;
            while (reader.hasNext()) {
                if (reader.next() == XMLStreamConstants.START_ELEMENT && isFirst) {
                    isSvg = SVG.equals(reader.getNamespaceURI())
                            && reader.getLocalName().equals("svg");
                    isFirst = false;
                }
            }
            return isSvg;
        } catch (XMLStreamException e) {
            return false;
        }
    }

    private static String digest(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
