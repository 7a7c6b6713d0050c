package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.multisession.user.PhoneNumber;

/** What happens to a number that was typed into the form. */
public interface NumberStep {

    /** Answers the request and returns null, or returns the message key of the error that the form should show. */
    @Nullable
    String take(HttpServletRequest request, HttpServletResponse response, PhoneNumber number, @Nullable String next)
            throws IOException, ServletException;

    /** The message key of the form's button. */
    String buttonKey();
}
