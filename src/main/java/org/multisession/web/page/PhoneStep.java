package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.multisession.phone.PhoneNumber;

/** What happens to a number that was submitted with the form. */
public interface PhoneStep {

    /**
     * Why the form is shown again.
     *
     * @param errorKey the message key of the error
     * @param retryIn seconds until another attempt makes sense; 0 if waiting does not help
     */
    record Refusal(int status, String errorKey, long retryIn) {

        /**
         * The message key for whoever must wait and has no code to type in here. The answer to an earlier click may have
         * been lost, with its cookie, and the code for it comes all the same.
         */
        static final String WAIT_ELSEWHERE = "login.error.wait.elsewhere";

        static Refusal of(String errorKey) {
            return new Refusal(422, errorKey, 0);
        }
    }

    /** Answers the request and returns null, or returns why to show the form again. */
    @Nullable
    Refusal take(HttpServletRequest request, HttpServletResponse response, PhoneNumber number, @Nullable String next)
            throws IOException, ServletException;

    /**
     * The number that this browser submitted a moment ago, from its challenge, to be corrected; null if there is none.
     */
    @Nullable
    String latestNumber(HttpServletRequest request);

    /** The message key of the form's button. */
    String buttonKey();
}
