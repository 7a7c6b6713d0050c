package org.multisession.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.multisession.otp.SmsSender;
import org.multisession.phone.PhoneNumber;

/** A gateway that keeps what it is given. */
public final class SentCodes implements SmsSender {

    /** One message as it would have been delivered. */
    public record Message(String number, String code, String text) {}

    private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();

    @Override
    public void send(PhoneNumber number, String code, String text) {
        messages.add(new Message(number.text(), code, text));
    }

    /** The next message; it comes on a thread of the queue's own, so it may have to be waited for. */
    public Message next() {
        try {
            Message message = messages.poll(30, TimeUnit.SECONDS);
            if (message == null) {
                throw new AssertionError("no message was sent");
            }
            return message;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for a message", e);
        }
    }

    /** Whatever is there now, in order. Complete only after the queue before it was closed. */
    public List<Message> drain() {
        List<Message> all = new ArrayList<>();
        messages.drainTo(all);
        return all;
    }
}
