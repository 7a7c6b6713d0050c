package org.multisession.web.page;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import org.multisession.web.Messages;

/**
 * A moment as a page shows it: in plain words, with the exact time attached. The server does not know the reader's time
 * zone and uses UTC; the script {@code times.js} converts it to the reader's own.
 */
public final class Moment {

    private static final Duration WORTH_COUNTING = Duration.ofDays(30);

    private final Instant at;
    private final String shown;
    private final String exact;
    private final Kind kind;

    /** The text in the page. */
    public enum Kind {
        /** "5 minutes ago". */
        AGO,
        /** "March 12, 2026". */
        DATE,
        /** "Mar 12, 2026, 9:30 AM UTC". */
        TIME
    }

    private Moment(Instant at, String shown, Kind kind, Messages messages) {
        this.at = at;
        this.shown = shown;
        this.exact = dateAndTime(at, FormatStyle.LONG, messages);
        this.kind = kind;
    }

    /** How long ago it is; the date if that is long, or if it is further in the future than clocks differ. */
    static Moment ago(Instant at, Instant now, Messages messages) {
        Duration passed = Duration.between(at, now);
        if (passed.compareTo(WORTH_COUNTING) >= 0 || passed.toDays() < 0) {
            return date(at, messages);
        }
        return new Moment(at, messages(passed, messages), Kind.AGO, messages);
    }

    /** The day. */
    static Moment date(Instant at, Messages messages) {
        String date = DateTimeFormatter.ofLocalizedDate(FormatStyle.LONG)
                .withLocale(messages.language())
                .format(at.atZone(ZoneOffset.UTC));
        return new Moment(at, date, Kind.DATE, messages);
    }

    /** The day and the time of the day. */
    static Moment time(Instant at, Messages messages) {
        return new Moment(at, dateAndTime(at, FormatStyle.MEDIUM, messages), Kind.TIME, messages);
    }

    private static String messages(Duration passed, Messages messages) {
        if (passed.toMinutes() < 1) {
            return messages.of("time.now");
        }
        if (passed.toHours() < 1) {
            return messages.of("time.ago", messages.counted(passed.toMinutes(), "time.minutes"));
        }
        if (passed.toDays() < 1) {
            return messages.of("time.ago", messages.counted(passed.toHours(), "time.hours"));
        }
        return messages.of("time.ago", messages.counted(passed.toDays(), "time.days"));
    }

    private static String dateAndTime(Instant at, FormatStyle dateStyle, Messages messages) {
        return DateTimeFormatter.ofLocalizedDateTime(dateStyle, FormatStyle.SHORT)
                        .withLocale(messages.language())
                        .format(at.atZone(ZoneOffset.UTC))
                + "\u00a0UTC";
    }

    /** As {@code datetime} wants it. */
    public String getIso() {
        return at.toString();
    }

    public String getShown() {
        return shown;
    }

    public String getExact() {
        return exact;
    }

    /** Which format the script may use instead. */
    public String getKind() {
        return switch (kind) {
            case AGO -> "ago";
            case DATE -> "date";
            case TIME -> "time";
        };
    }
}
