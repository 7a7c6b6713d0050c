package org.multisession.web.page;

import java.time.Duration;
import org.multisession.web.Messages;

/**
 * How long something still takes, as a page shows it: "0:45", or whole hours from an hour on. The script {@code
 * countdown.js} counts the former down; without it, the page shows the time as it was when it was rendered.
 */
public final class Wait {

    private static final long HOUR = Duration.ofHours(1).toSeconds();

    private final long seconds;
    private final String shown;

    private Wait(long seconds, String shown) {
        this.seconds = seconds;
        this.shown = shown;
    }

    /** Rounded up, so that nobody comes back too early. */
    static Wait of(Duration wait, Messages messages) {
        return ofSeconds(wait.plusMillis(999).toSeconds(), messages);
    }

    static Wait ofSeconds(long given, Messages messages) {
        long seconds = Math.max(0, given);
        String shown = seconds < HOUR
                ? seconds / 60 + ":" + (seconds % 60 < 10 ? "0" : "") + seconds % 60
                : messages.counted((seconds + HOUR - 1) / HOUR, "time.hours");
        return new Wait(seconds, shown);
    }

    public long getSeconds() {
        return seconds;
    }

    public String getShown() {
        return shown;
    }

    /** Whether there is anything to wait for. */
    public boolean isAhead() {
        return seconds > 0;
    }

    /** Whether it is short enough to be watched. */
    public boolean isCounted() {
        return isAhead() && seconds < HOUR;
    }
}
