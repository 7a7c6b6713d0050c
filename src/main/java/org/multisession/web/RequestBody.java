package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;

/** Reads the body of a request, within limits. */
public final class RequestBody {

    /** In bytes. */
    static final int MAX_LENGTH = 16 * 1024;

    private RequestBody() {}

    /**
     * The body, which must be of this media type, in UTF-8, and at most 16 KiB.
     *
     * @throws HttpProblem 415 or 413
     */
    public static byte[] read(HttpServletRequest request, String mediaType) throws IOException {
        requireType(request, mediaType);
        if (request.getContentLengthLong() > MAX_LENGTH) {
            throw tooLarge();
        }
        InputStream in = request.getInputStream();
        byte[] body = in.readNBytes(MAX_LENGTH + 1);
        if (body.length > MAX_LENGTH) {
            throw tooLarge();
        }
        return body;
    }

    private static void requireType(HttpServletRequest request, String mediaType) {
        String[] parts = String.valueOf(request.getContentType())
                .toLowerCase(Locale.ROOT)
                .split(";", -1);
        boolean good = parts[0].strip().equals(mediaType);
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].strip().replace("\"", "");
            good &= !parameter.startsWith("charset=") || parameter.equals("charset=utf-8");
        }
        if (!good) {
            throw new HttpProblem(
                    415, "unsupported-media-type", "The body must be " + mediaType + " in UTF-8. Nothing was done.");
        }
    }

    private static HttpProblem tooLarge() {
        return new HttpProblem(413, "too-large", "The body is larger than 16 KiB. Nothing was done.");
    }
}
