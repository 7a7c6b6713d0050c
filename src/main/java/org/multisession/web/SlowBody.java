package org.multisession.web;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * A request of whose body a part has come, and the rest may be on its way. To wait for that takes a place among few, which
 * {@link #close} gives back, and ends at a deadline.
 */
final class SlowBody extends HttpServletRequestWrapper implements AutoCloseable {

    private final Semaphore strangers;
    private final Semaphore signedIn;
    private final Duration deadline;
    private final byte[] come;
    private @Nullable Stream stream;
    private @Nullable Semaphore taken;

    SlowBody(HttpServletRequest request, byte[] come, Semaphore strangers, Semaphore signedIn, Duration deadline) {
        super(request);
        this.strangers = strangers;
        this.signedIn = signedIn;
        this.deadline = deadline;
        this.come = come;
    }

    @Override
    public ServletInputStream getInputStream() throws IOException {
        Stream opened = stream;
        if (opened == null) {
            opened = new Stream(super.getInputStream());
            stream = opened;
        }
        return opened;
    }

    @Override
    public void close() {
        if (taken != null) {
            taken.release();
            taken = null;
        }
    }

    private void takePlace() {
        if (taken == null) {
            Semaphore places = CurrentUser.of(this) == null ? strangers : signedIn;
            if (!places.tryAcquire()) {
                throw RequestFailure.crowded();
            }
            taken = places;
        }
    }

    private final class Stream extends ServletInputStream {

        private final ServletInputStream in;
        private final long end = System.nanoTime() + deadline.toNanos();
        private final long declared = getContentLengthLong() < 0 ? Long.MAX_VALUE : getContentLengthLong();
        private int position;
        private long total;

        Stream(ServletInputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        /** What has come by now, at least a byte. */
        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (position < come.length) {
                int copied = Math.min(length, come.length - position);
                System.arraycopy(come, position, buffer, offset, copied);
                position += copied;
                total += copied;
                return copied;
            }
            if (total >= declared) {
                return -1;
            }
            // What is larger than all that we take ourselves is an upload to somebody else's servlet.
            boolean isOurs = total <= RequestBody.LARGEST;
            if (isOurs) {
                takePlace();
            }
            int read = in.read(buffer, offset, length);
            total += Math.max(0, read);
            if (isOurs && read >= 0 && total < declared && System.nanoTime() - end > 0) {
                throw RequestFailure.tooSlow();
            }
            return read;
        }

        @Override
        public int available() throws IOException {
            return come.length - position + in.available();
        }

        @Override
        public boolean isFinished() {
            return position == come.length && in.isFinished();
        }

        @Override
        public boolean isReady() {
            return position < come.length || in.isReady();
        }

        @Override
        public void setReadListener(ReadListener listener) {
            in.setReadListener(listener);
        }
    }
}
