package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.multisession.phone.PhoneNumber;

/** What happens to a number that was typed into the form. */
public interface PhoneStep {

    /**
     * Why the form comes back.
     *
     * @param errorKey the message key of what it says
     * @param retryIn seconds until it is worth another try; 0 where time changes nothing
     */
    record Refusal(int status, String errorKey, long retryIn) {

        static Refusal of(String errorKey) {
            return new Refusal(422, errorKey, 0);
        }
    }

    /** Answers the request and returns null, or returns why the form should come back. */
    @Nullable
    Refusal take(HttpServletRequest request, HttpServletResponse response, PhoneNumber number, @Nullable String next)
            throws IOException, ServletException;

    /** The number that this browser has typed a moment ago, as the challenge has it, for who mends it; null if there is none. */
    @Nullable
    String latestNumber(HttpServletRequest request);

    /** The message key of the form's button. */
    String buttonKey();
}
