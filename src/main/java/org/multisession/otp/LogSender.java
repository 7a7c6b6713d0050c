package org.multisession.otp;

import org.multisession.phone.PhoneNumber;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes the code into the log instead of sending it, for trying things out. */
public final class LogSender implements SmsSender {

    private static final Logger log = LoggerFactory.getLogger(LogSender.class);

    @Override
    public void send(PhoneNumber number, String code, String text) {
        log.info("One-time code for the number that ends in {}: {}", number.ending(), code);
    }
}
