package org.multisession.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.boot.Sources;
import org.multisession.config.DatabaseLocation;
import org.multisession.db.ReadOnly;
import org.multisession.migration.Backups;
import org.multisession.migration.Bytes;
import org.multisession.migration.MoveStatus;
import org.multisession.migration.NumbersInDoubt;
import org.multisession.session.Stage;

/** How far the move is, and what the next step or the way back would cost. */
final class StatusCommand implements Command {

    /** As long as a deploy waits for a lock. */
    private static final Duration BUSY_TIMEOUT = Duration.ofSeconds(5);

    /** How long a legacy token may go unused and still count, if there is no idle timeout. */
    private static final Duration USUAL_WINDOW = Duration.ofDays(30);

    private static final int WEEKS_SHOWN = 12;

    private static final DateTimeFormatter MINUTE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

    @Override
    public String name() {
        return "status";
    }

    @Override
    public String summary() {
        return "show how far the move is, and what the next step would cost";
    }

    @Override
    public String explanation() {
        return """
                Counts sessions and legacy tokens in a migrated database, tells how the use of
                legacy tokens has gone down by week, whether they can be refused by now
                (multisession.stage=retire), and who would be signed out of the old app if it
                had to come back at this moment. Reads only, beside a running Multi-Session.

                A legacy token counts as somebody's if it was used within the idle timeout
                (--session.idle-timeout, 30 days if there is none).""";
    }

    @Override
    public List<Option> options() {
        return List.of();
    }

    @Override
    public int run(Call call) {
        Instant now = call.terminal().clock().instant();
        Duration window = Objects.requireNonNullElse(call.settings().session().idleTimeout(), USUAL_WINDOW);
        DatabaseLocation location = call.settings().database();
        try (ReadOnly database = Sources.readOnly(location, BUSY_TIMEOUT)) {
            MoveStatus status =
                    database.snapshot(handle -> MoveStatus.of(handle, Sources.missing(location, handle), now, window));
            NumbersInDoubt numbers = database.snapshot(handle -> NumbersInDoubt.of(handle, status.missing()));
            call.say("Database: " + database);
            tell(call, status, now, window);
            tell(call, numbers);
            location.file().ifPresent(file -> tellOfBackups(call, file, now));
        }
        return DONE;
    }

    private static void tell(Call call, MoveStatus status, Instant now, Duration window) {
        String days = Plurals.counted(window.toDays(), "day");
        call.say("Stage: " + (status.stage() == null ? "never deployed" : status.stage()) + since(status.stageSince()));
        call.say("Migrated: " + (status.migratedAt() == null ? "unknown" : MINUTE.format(status.migratedAt())));
        if (!status.missing().isEmpty()) {
            call.say("Schema: lacks " + String.join(", ", status.missing())
                    + ", or has that from another version than this command is of. Where somebody has rebuilt or"
                    + " dropped a table, a running Multi-Session repairs it within seconds, and so does a deploy, or its"
                    + " log says why not");
        }
        call.say("");
        call.say(row("Users", status.users(), ""));
        call.say(row("Sessions", status.sessions(), "of " + Plurals.counted(status.usersWithSessions(), "user")));
        call.say(row("  stored as a hash", status.hashed(), ""));
        call.say(row("  also in users.auth_token", status.mirrored(), "not hashed: keep copies of the database safe"));
        call.say(row("Legacy tokens that open an account", status.legacy(), "one per user, on any number of devices"));
        call.say(row("  used in the last " + days, status.legacyUsedLately(), ""));
        call.say(row("  not used here yet", status.legacyNeverUsed(), ""));
        if (!status.legacyByWeek().isEmpty()) {
            call.say("");
            call.say("Legacy tokens by the week of their last use (weeks begin on Monday, UTC):");
            weeks(call, status, now);
        }
        call.say("");
        call.say("Next stage: " + next(status));
        call.say("Safe to retire: " + retire(status, now, window, days));
        call.say("Going back now: " + Plurals.counted(status.devicesFallingOut(), "device")
                + " would be signed out of the old app"
                + " (in its " + (status.oldAppReadsSessions() ? "multi" : "single") + " form), "
                + Plurals.counted(status.usersStayingIn(), "user") + " would stay signed in");
    }

    private static void tell(Call call, NumbersInDoubt numbers) {
        if (numbers.count() > 0) {
            call.say("");
            call.say("Numbers that more than one user has: " + numbers.count()
                    + ". Nobody can sign in with them until each is in users.phone only once"
                    + (numbers.refused() > 0
                            ? "; the audit trail mentions it " + Plurals.counted(numbers.refused(), "time")
                            : ""));
            numbers.users().forEach(users -> call.say("  users " + users));
            if (numbers.count() > numbers.users().size()) {
                call.say("  … 'check' lists all of them");
            }
        }
        if (numbers.areReadAnew()) {
            call.say(
                    "Phone numbers are being read anew, by other rules than before; until that is done, numbers that more"
                            + " than one user has are partly listed by the former rules");
        }
        if (numbers.unread() > 0) {
            call.say("Phone numbers not read yet: " + numbers.unread() + "; the application reads them by itself");
        }
    }

    private static void tellOfBackups(Call call, Path database, Instant now) {
        try {
            List<Backups.One> backups = Backups.of(database);
            if (backups.isEmpty()) {
                return;
            }
            call.say("");
            call.say("Backups beside the database, from before a migration or an uninstall:");
            for (Backups.One backup : backups) {
                long days = Math.max(0, Duration.between(backup.made(), now).toDays());
                call.say("  " + backup.file().getFileName() + ", "
                        + (days == 0 ? "less than a day" : Plurals.counted(days, "day")) + " old, "
                        + Bytes.inWords(backup.size()));
            }
        } catch (IOException e) {
            call.say("The backups beside the database cannot be listed: " + e);
        }
    }

    private static String since(@Nullable Instant time) {
        return time == null ? "" : ", last deployed " + MINUTE.format(time);
    }

    private static String row(String what, long count, String note) {
        return String.format(Locale.ROOT, "  %-38s %,12d  %s", what, count, note)
                .stripTrailing();
    }

    private static void weeks(Call call, MoveStatus status, Instant now) {
        long earlier = 0;
        LocalDate first = LocalDate.ofInstant(now, ZoneOffset.UTC).minus(WEEKS_SHOWN, ChronoUnit.WEEKS);
        for (Map.Entry<LocalDate, Long> week : status.legacyByWeek().entrySet()) {
            if (week.getKey().isBefore(first)) {
                earlier += week.getValue();
                continue;
            }
            if (earlier > 0) {
                call.say(row("earlier", earlier, ""));
                earlier = 0;
            }
            call.say(row(week.getKey().toString(), week.getValue(), ""));
        }
        if (earlier > 0) {
            call.say(row("earlier", earlier, ""));
        }
    }

    private static String next(MoveStatus status) {
        Stage stage = null;
        for (Stage each : Stage.values()) {
            stage = each.stored().equals(status.stage()) ? each : stage;
        }
        if (stage == null) {
            return "deploy in stage coexist; this signs nobody out";
        }
        return switch (stage) {
            case COEXIST ->
                "settle signs nobody out here; it stores "
                        + Plurals.counted(status.sessions() - status.hashed(), "session")
                        + " as hashes, which the old app can no longer read";
            case SETTLE -> "retire signs out " + Plurals.counted(status.legacy(), "user") + " at most, see below";
            case RETIRE -> "none, this is the last";
        };
    }

    private static String retire(MoveStatus status, Instant now, Duration window, String days) {
        String users = Plurals.counted(status.legacy(), "user");
        if (status.legacy() == 0) {
            return "yes, 0 users: no legacy token opens an account";
        }
        if (status.isSafeToRetire(now, window)) {
            return "yes, 0 users of the last " + days + "; " + users
                    + " with a legacy token were not seen in that time";
        }
        if (status.legacyUsedLately() > 0) {
            return "no, " + Plurals.counted(status.legacyUsedLately(), "user") + " used a legacy token in the last "
                    + days + ", of " + users + " who have one";
        }
        return "no, up to " + users
                + (status.oldAppMayRun()
                        ? ": the old app may let them in without us seeing it. Settle first"
                        : ": Multi-Session has not run for " + days + " without a break to see them");
    }
}
