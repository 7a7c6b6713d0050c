package org.multisession.token;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import java.util.List;

/** A cookie has at most four readings, and none of them is empty or has a NUL. */
public final class CookieValueFuzz {

    private CookieValueFuzz() {}

    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
        String text = data.consumeRemainingAsString();
        List<SessionToken> readings = new CookieValue(text).readings();
        if (readings.size() > 4
                || readings.stream().map(SessionToken::value).anyMatch(token -> token.isEmpty() || hasNul(token))) {
            throw new AssertionError(readings.size() + " readings");
        }
        if (!text.isEmpty() && !hasNul(text) && !text.equals("\"\"") && readings.isEmpty()) {
            throw new AssertionError("no reading");
        }
    }

    private static boolean hasNul(String text) {
        return text.indexOf('\0') >= 0;
    }
}
