package org.multisession.otp;

import java.time.Duration;
import org.multisession.otp.OneTimeCodes.AttemptResult;

/** Listens to what happens to one-time codes, in order to count it. Thread-safe. */
public interface CodeListener {

    /** Ignores everything. */
    CodeListener NONE = new CodeListener() {
        @Override
        public void requested() {}

        @Override
        public void limited(CodeLimit limit) {}

        @Override
        public void tried(AttemptResult result) {}

        @Override
        public void sent(Duration took) {}

        @Override
        public void failed(Duration took) {}
    };

    /** A code was requested, within the limits or over one. */
    void requested();

    /** A request was over this limit. */
    void limited(CodeLimit limit);

    /** A code was tried, and the attempt is committed. */
    void tried(AttemptResult result);

    /** The gateway has accepted a message. */
    void sent(Duration took);

    /** The gateway has not accepted a message, or could not be reached. */
    void failed(Duration took);
}
