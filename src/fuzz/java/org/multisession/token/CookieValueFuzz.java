package org.multisession.token;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import java.util.List;

/** A cookie has at most four readings, and none of them is empty. */
public final class CookieValueFuzz {

    private CookieValueFuzz() {}

    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
        String text = data.consumeRemainingAsString();
        List<SessionToken> readings = new CookieValue(text).readings();
        if (readings.size() > 4 || readings.stream().anyMatch(token -> token.value().isEmpty())) {
            throw new AssertionError(readings.size() + " readings");
        }
        if (!text.isEmpty() && !text.equals("\"\"") && readings.isEmpty()) {
            throw new AssertionError("no reading");
        }
    }
}
