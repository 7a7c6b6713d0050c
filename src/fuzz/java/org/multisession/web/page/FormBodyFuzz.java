package org.multisession.web.page;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import org.multisession.web.HttpProblem;

/** A form is read, or refused with 400. */
public final class FormBodyFuzz {

    private FormBodyFuzz() {}

    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
        try {
            FormBody.parse(data.consumeRemainingAsBytes()).get("phone");
        } catch (HttpProblem e) {
            if (e.status() != 400) {
                throw e;
            }
        }
    }
}
