package org.multisession.otp;

import java.io.IOException;

/** Delivers one message, once. */
public interface SmsSender {

    /**
     * Hands the message to whoever delivers it; returns when they have taken it.
     *
     * @throws IOException if they have not, or nobody knows; it is not tried again, since it might arrive twice. The
     *     message of the exception holds neither number nor code
     */
    void send(String number, String code, String text) throws IOException, InterruptedException;
}
