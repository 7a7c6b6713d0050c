package org.multisession.otp;

import java.time.Duration;
import org.multisession.otp.OneTimeCodes.AttemptResult;

/** Is told what becomes of one-time codes, for whoever counts it. Safe for use by many threads. */
public interface CodeListener {

    /** Hears nothing. */
    CodeListener NONE = new CodeListener() {
        @Override
        public void requested() {}

        @Override
        public void limited(String limit) {}

        @Override
        public void tried(AttemptResult result) {}

        @Override
        public void sent(Duration took) {}

        @Override
        public void failed(Duration took) {}
    };

    /** A code was asked for, within the limits or over one. */
    void requested();

    /** A request was over this limit. */
    void limited(String limit);

    /** A code was tried, and the attempt is committed. */
    void tried(AttemptResult result);

    /** The gateway has taken a message. */
    void sent(Duration took);

    /** The gateway has not taken a message, or none was there to be asked. */
    void failed(Duration took);
}
