package org.multisession.web.api;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import org.multisession.web.HttpProblem;

/** A body of JSON is read, or refused with 400 and no word of what was in it. */
public final class JsonFuzz {

    private JsonFuzz() {}

    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
        try {
            Json.Body body = Json.parse(data.consumeRemainingAsBytes());
            body.string("phone");
            body.optionalString("code");
        } catch (HttpProblem e) {
            if (e.status() != 400) {
                throw e;
            }
        }
    }
}
