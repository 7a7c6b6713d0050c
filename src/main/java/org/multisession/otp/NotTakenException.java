package org.multisession.otp;

import java.io.IOException;

/** The gateway has certainly not accepted the message, so another one cannot deliver it twice. */
public final class NotTakenException extends IOException {

    private static final long serialVersionUID = 1L;

    /** @param message without the number and the code */
    public NotTakenException(String message) {
        super(message);
    }
}
