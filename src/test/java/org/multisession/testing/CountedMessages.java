package org.multisession.testing;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.multisession.otp.CodeLimit;
import org.multisession.otp.CodeListener;
import org.multisession.otp.OneTimeCodes.AttemptResult;

/** Counts what became of messages that were handed to a gateway. */
public final class CountedMessages implements CodeListener {

    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();

    public long sent() {
        return sent.get();
    }

    public long failed() {
        return failed.get();
    }

    @Override
    public void sent(Duration took) {
        sent.incrementAndGet();
    }

    @Override
    public void failed(Duration took) {
        failed.incrementAndGet();
    }

    @Override
    public void requested() {}

    @Override
    public void limited(CodeLimit limit) {}

    @Override
    public void tried(AttemptResult result) {}
}
