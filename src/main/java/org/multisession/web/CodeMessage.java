package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;
import org.multisession.otp.SmsText;

/** The text of the message with the code, in the language of whoever requested it. */
public final class CodeMessage {

    private final @Nullable String host;

    /**
     * Codes are for this host. If it is null, because no message leaves the machine, the host of the request is used.
     * That is not good enough for a real message: the sender of the request chooses it, and could make phones offer the
     * code to another site.
     */
    public CodeMessage(@Nullable String host) {
        this.host = host;
    }

    /**
     * Returns the message. Its last line lets phones fill in the code on that host and no other (origin-bound one-time
     * codes).
     */
    public SmsText of(HttpServletRequest request) {
        String shownAt = host != null ? host : request.getServerName();
        ResourceBundle texts = ResourceBundle.getBundle("messages", Browser.language(request));
        return code -> texts.getString("sms.text").replace("{code}", code) + "\n\n@" + shownAt + " #" + code;
    }
}
