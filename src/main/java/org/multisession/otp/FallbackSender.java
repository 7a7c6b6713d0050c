package org.multisession.otp;

import java.io.IOException;
import org.multisession.phone.PhoneNumber;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Two gateways: the second gets a message only where the first has certainly not taken it, refused or out of reach. Where
 * the first took the request and never answered, nobody knows, and the message is not sent again: it might arrive twice.
 */
public final class FallbackSender implements SmsSender {

    private static final Logger log = LoggerFactory.getLogger(FallbackSender.class);

    private final SmsSender first;
    private final SmsSender second;

    public FallbackSender(SmsSender first, SmsSender second) {
        this.first = first;
        this.second = second;
    }

    @Override
    public void send(PhoneNumber number, String code, String text) throws IOException, InterruptedException {
        try {
            first.send(number, code, text);
        } catch (NotTakenException e) {
            log.warn("A code goes to the second gateway: {}", e.getMessage());
            second.send(number, code, text);
        }
    }
}
