package org.multisession.otp;

import java.io.IOException;
import org.multisession.phone.PhoneNumber;

/** Delivers one message, once. */
public interface SmsSender {

    /**
     * Hands the message to whoever delivers it; returns when they have taken it.
     *
     * @throws IOException if they have not, or nobody knows; it is not tried again, since it might arrive twice. The
     *     message of the exception holds neither number nor code
     */
    void send(PhoneNumber number, String code, String text) throws IOException, InterruptedException;
}
