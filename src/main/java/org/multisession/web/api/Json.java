package org.multisession.web.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.multisession.web.HttpProblem;
import org.multisession.web.HttpProblemResponder;
import org.multisession.web.Problem;
import org.multisession.web.RequestBody;
import org.multisession.web.RequestIds;

/** JSON in and out; the only class that knows the library. */
public final class Json implements HttpProblemResponder {

    // In UTF-8 and nothing else, as the media type is checked: whoever filters requests in front of us reads the same.
    private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .disable(JsonFactory.Feature.CHARSET_DETECTION)
                    .build())
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** In UTF-8. */
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    /** A JSON object in the body of a request. */
    record Body(JsonNode node) {

        /** Returns the member of this name; fails with 400 if there is none or it is not a string. */
        String string(String name) {
            JsonNode member = node.get(name);
            if (member == null || !member.isTextual()) {
                throw malformed("The member \"" + name + "\" must be a string.");
            }
            return member.textValue();
        }

        /** The same for a member that may be missing. */
        @Nullable
        String optionalString(String name) {
            return node.get(name) == null ? null : string(name);
        }
    }

    /** Reads the body, or fails with 400, 413 or 415. */
    static Body read(HttpServletRequest request) throws IOException {
        return parse(RequestBody.read(request, "application/json"));
    }

    static Body parse(byte[] body) {
        int start = beginsWithByteOrderMark(body) ? BYTE_ORDER_MARK.length : 0;
        try (JsonParser parser = MAPPER.createParser(body, start, body.length - start)) {
            return parse(parser);
        } catch (IOException e) {
            throw malformed("The body is not JSON in UTF-8.");
        }
    }

    /** Some clients send one, and whoever reads JSON may skip it (RFC 8259, 8.1). */
    private static boolean beginsWithByteOrderMark(byte[] body) {
        return Arrays.mismatch(body, BYTE_ORDER_MARK) >= BYTE_ORDER_MARK.length;
    }

    private static Body parse(JsonParser parser) throws IOException {
        try {
            JsonNode node = MAPPER.readTree(parser);
            if (node == null || !node.isObject()) {
                throw malformed("The body must be a JSON object.");
            }
            return new Body(node);
        } catch (StreamConstraintsException e) {
            throw malformed(
                    "The body is nested too deeply, or something in it is too long," + place(parser.currentLocation()));
        } catch (JsonProcessingException e) {
            // The library's message quotes the body, which may contain a phone number or a code.
            throw malformed("The body is not well-formed JSON, or names a member twice," + place(e.getLocation()));
        }
    }

    private static String place(@Nullable JsonLocation at) {
        return at == null ? " somewhere." : " at line " + at.getLineNr() + ", column " + at.getColumnNr() + ".";
    }

    private static HttpProblem malformed(String detail) {
        return new HttpProblem(400, "malformed-json", detail + " Nothing was done.");
    }

    static void write(HttpServletResponse response, int status, Map<String, ?> value) throws IOException {
        write(response, status, "application/json", value);
    }

    private static void write(HttpServletResponse response, int status, String type, Map<String, ?> value)
            throws IOException {
        byte[] body = bytes(value);
        response.setStatus(status);
        response.setContentType(type);
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    static byte[] bytes(Object value) throws IOException {
        return MAPPER.writeValueAsBytes(value);
    }

    static void write(HttpServletResponse response, int status, JsonObject object) throws IOException {
        write(response, status, "application/json", object);
    }

    private static void write(HttpServletResponse response, int status, String type, JsonObject object)
            throws IOException {
        response.setStatus(status);
        response.setContentType(type);
        response.setContentLength(object.length());
        object.writeTo(response.getOutputStream());
    }

    @Override
    public void respond(
            HttpServletRequest request, HttpServletResponse response, HttpProblem failure, @Nullable String reference)
            throws IOException {
        Problem problem = new Problem(failure.status(), failure.code(), failure.detail(), reference);
        // In the order of the RFC.
        JsonObject members = new JsonObject()
                .with("type", "about:blank")
                .with("title", problem.title())
                .with("status", problem.status())
                .with("detail", problem.detail())
                .with("code", problem.code());
        if (reference != null) {
            members.with("reference", reference);
        }
        if (request.getAttribute(RequestIds.ATTRIBUTE) instanceof String id) {
            members.with("requestId", id);
        }
        write(response, failure.status(), "application/problem+json", members.end());
    }
}
