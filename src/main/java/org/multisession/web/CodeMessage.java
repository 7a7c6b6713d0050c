package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;
import org.multisession.otp.SmsText;

/** The text of the message with the code, in the language of who asked for it. */
public final class CodeMessage {

    private final @Nullable String host;

    /**
     * For codes to be typed in at this host. Null where no message leaves the machine; the host of the request is named
     * then. It is not good enough for a real message: the sender of the request writes it, and could make phones offer
     * the code to a site of his own.
     */
    public CodeMessage(@Nullable String host) {
        this.host = host;
    }

    /**
     * The message. Its last line lets phones fill the code in on that host and on no other (origin-bound one-time codes).
     */
    public SmsText of(HttpServletRequest request) {
        String shownAt = host != null ? host : request.getServerName();
        ResourceBundle texts = ResourceBundle.getBundle("messages", Browser.language(request));
        return code -> texts.getString("sms.text").replace("{code}", code) + "\n\n@" + shownAt + " #" + code;
    }
}
