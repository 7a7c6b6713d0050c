package org.multisession.web;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.multisession.otp.Networks;

/**
 * A request whose body may still be arriving. Waiting for the rest takes one of a few places, which is given back when
 * the body is complete, on a failure, or in {@link #close}; waiting ends at a deadline. Only for servlets that read the
 * body by {@code getInputStream}.
 */
final class SlowBody extends HttpServletRequestWrapper implements AutoCloseable {

    private final Places strangers;
    private final Places signedIn;
    private final Duration deadline;
    private final byte[] come;
    private @Nullable Stream stream;
    private @Nullable Runnable giveBack;

    SlowBody(HttpServletRequest request, byte[] come, Places strangers, Places signedIn, Duration deadline) {
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

    /** Whether the body is complete, as far as is known. */
    boolean isWhole() {
        return (stream != null && stream.isWhole()) || come.length >= declared();
    }

    @Override
    public void close() {
        if (giveBack != null) {
            giveBack.run();
            giveBack = null;
        }
    }

    private void takePlace() {
        if (giveBack == null) {
            Places places = CurrentUser.of(this) == null ? strangers : signedIn;
            String network = Networks.of(getRemoteAddr());
            if (!places.take(network)) {
                throw HttpProblem.crowded();
            }
            giveBack = () -> places.giveBack(network);
        }
    }

    /** More than can ever arrive, if the length is unknown. */
    private long declared() {
        return getContentLengthLong() < 0 ? Long.MAX_VALUE : getContentLengthLong();
    }

    private final class Stream extends ServletInputStream {

        private final ServletInputStream in;
        private final long end = System.nanoTime() + deadline.toNanos();
        private int position;
        private long total;
        private boolean ended;

        Stream(ServletInputStream in) {
            this.in = in;
        }

        boolean isWhole() {
            return ended || total >= declared();
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        /** Reads what has arrived, at least one byte. */
        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (position < come.length) {
                int copied = Math.min(length, come.length - position);
                System.arraycopy(come, position, buffer, offset, copied);
                position += copied;
                total += copied;
                return copied;
            }
            if (isWhole() || in.isFinished()) {
                ended = true;
                return -1;
            }
            takePlace();
            boolean goesOn = false;
            try {
                int read = in.read(buffer, offset, length);
                total += Math.max(0, read);
                ended = read < 0;
                if (!isWhole() && System.nanoTime() - end > 0) {
                    throw HttpProblem.tooSlow();
                }
                goesOn = !isWhole();
                return read;
            } finally {
                // Not later: the answer may take its time, and its reader too.
                if (!goesOn) {
                    SlowBody.this.close();
                }
            }
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
