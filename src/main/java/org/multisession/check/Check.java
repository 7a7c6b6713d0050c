package org.multisession.check;

import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.multisession.check.Openings.Opening;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.ReadOnlyDatabase;
import org.multisession.migration.MigrationRefusedException;
import org.multisession.migration.Progress;
import org.multisession.migration.Rehearsal;
import org.multisession.session.Presence;

/**
 * Reads a database and reports what a deploy on it would mean for whom. Changes nothing, and may run beside the app.
 *
 * <p>What it looks at is the database of one moment, copied into temporary tables while that moment lasts; the rest of
 * the work holds no lock that an app could wait for.
 */
public final class Check {

    private static final int DAMAGES_SHOWN = 10;

    private final CheckRules rules;
    private final Duration busyTimeout;
    private final InstantSource clock;
    private final Progress progress;
    private final Consumer<Opening> listener;

    /** Checks for a deploy with these settings. */
    public Check(CheckRules rules, Duration busyTimeout, InstantSource clock, Progress progress) {
        this(rules, busyTimeout, clock, progress, opening -> {});
    }

    /** Tells the consumer of every token and what it opens. */
    Check(CheckRules rules, Duration busyTimeout, InstantSource clock, Progress progress, Consumer<Opening> listener) {
        this.rules = rules;
        this.busyTimeout = busyTimeout;
        this.clock = clock;
        this.progress = progress;
        this.listener = listener;
    }

    /** What was seen in the one moment. */
    private record Seen(
            List<Fact> facts,
            List<String> damages,
            @Nullable Rehearsal rehearsal,
            @Nullable String refusal) {}

    /**
     * The report on a SQLite file.
     *
     * @throws DatabaseException if it cannot be read
     */
    public Report of(Path path) {
        Instant now = clock.instant();
        try (ReadOnlyDatabase database = ReadOnlyDatabase.open(path, busyTimeout)) {
            Seen seen = database.snapshot(handle -> look(database, handle));
            Findings findings = new Findings();
            List<Fact> facts = new ArrayList<>(seen.facts());
            seen.damages()
                    .forEach(damage -> findings.add(
                            isConstraint(damage) ? Fault.BROKEN_CONSTRAINT : Fault.DAMAGED_FILE, Row.of(damage)));
            if (seen.refusal() != null) {
                findings.add(Fault.DEPLOY_REFUSED, Row.of(seen.refusal()));
            }
            Rehearsal rehearsal = seen.rehearsal();
            if (rehearsal != null) {
                facts.addAll(factsOf(rehearsal));
                rehearsal.strayReferences().forEach(table -> findings.add(Fault.STRAY_REFERENCE, Row.of(table)));
                rehearsal.foreignTriggers().forEach(name -> findings.add(Fault.TRIGGER, Row.of(name)));
                facts.addAll(database.onTemporary(handle -> ask(handle, rehearsal, now, findings)));
            }
            return new Report(database.path(), rules, now, facts, findings.all());
        }
    }

    private Seen look(ReadOnlyDatabase database, Handle handle) throws SQLException {
        // Whatever is wrong is better known in SQLite's words; they hold names and row numbers, never a value.
        List<String> damages = column(handle, "PRAGMA quick_check(" + DAMAGES_SHOWN + ")");
        damages.remove("ok");
        List<Fact> facts = new ArrayList<>();
        facts.add(Fact.of("journal", "Journal", database.hasWriteAheadLog() ? "write-ahead log" : "rollback journal"));
        facts.add(Fact.of(
                "integrity",
                "SQLite's quick check",
                damages.isEmpty() ? "ok" : "finds " + damages.size() + (damages.size() == 1 ? " fault" : " faults")));
        if (damages.stream().anyMatch(damage -> !isConstraint(damage))) {
            return new Seen(facts, damages, null, null);
        }
        try {
            return new Seen(facts, damages, Rehearsal.prepare(handle), null);
        } catch (MigrationRefusedException e) {
            return new Seen(facts, damages, null, e.getMessage());
        }
    }

    /** Rows that break a rule are not what the word damage is for. */
    private static boolean isConstraint(String damage) {
        return damage.startsWith("NULL value in ") || damage.startsWith("CHECK constraint failed in ");
    }

    private static List<Fact> factsOf(Rehearsal rehearsal) {
        List<Fact> facts = new ArrayList<>();
        facts.add(Fact.of("old-app", "The old app", oldApp(rehearsal)));
        facts.add(Fact.of(
                "deployed-before", "Multi-Session was deployed before", rehearsal.wasMigrated() ? "yes" : "no"));
        facts.add(Fact.of("to-be-made", "The deploy would make", inShort(rehearsal.toBeMade())));
        facts.add(Fact.of("token-index", "Index on users.auth_token", rehearsal.tokenIsIndexed() ? "yes" : "no"));
        List<String> triggers = rehearsal.foreignTriggers();
        facts.add(Fact.of("triggers", "Triggers of the team's own", triggers.size()));
        return facts;
    }

    /** For example {@code 11 indexes, 6 tables, 5 triggers}. */
    private static String inShort(List<String> made) {
        Map<String, Long> kinds = made.stream()
                .map(object -> object.substring(0, object.indexOf(' ')))
                .collect(Collectors.groupingBy(kind -> kind, TreeMap::new, Collectors.counting()));
        String counted = kinds.entrySet().stream()
                .map(kind -> kind.getValue() + " " + kind.getKey()
                        + (kind.getValue() == 1 ? "" : kind.getKey().equals("index") ? "es" : "s"))
                .collect(Collectors.joining(", "));
        return counted.isEmpty() ? "nothing" : counted;
    }

    private static String oldApp(Rehearsal rehearsal) {
        if (rehearsal.isNew()) {
            return "none: the database is empty";
        }
        return rehearsal.hasSessionsOfTheOldApp()
                ? "multi: looks into user_sessions first, then at users.auth_token"
                : "single: knows only users.auth_token";
    }

    private List<Fact> ask(Handle handle, Rehearsal rehearsal, Instant now, Findings findings) throws SQLException {
        try {
            rehearsal.play(handle, now);
        } catch (MigrationRefusedException e) {
            findings.add(Fault.DEPLOY_REFUSED, Row.of(String.valueOf(e.getMessage())));
        }
        CheckRules ofDeploy = rules.idleFrom(Presence.idleFrom(handle, now));
        Openings.Tally tally = new Openings(rehearsal, ofDeploy, now, findings, progress, listener).read(handle);
        new Numbers(rules.phoneRegion(), findings, progress).read(handle);
        return facts(tally);
    }

    private static List<Fact> facts(Openings.Tally tally) {
        List<Fact> facts = new ArrayList<>();
        facts.add(Fact.of("users", "Users", tally.users));
        facts.add(Fact.of("users-without-token", "- no token (NULL)", tally.withoutToken));
        facts.add(Fact.of("users-with-empty-token", "- an empty token, which opens nothing", tally.emptyTokens));
        facts.add(Fact.of("legacy-tokens", "- a token that a device can send", tally.legacyTokens));
        facts.add(Fact.of("legacy-tokens-same", "  - opens the same account after", tally.sameLegacyTokens));
        facts.add(Fact.of("sessions", "Sessions", tally.sessions));
        facts.add(Fact.of("sessions-mirrored", "- also a legacy token, counted there", tally.mirroredSessions));
        facts.add(Fact.of("sessions-of-the-old-app", "- let in by the old app", tally.sessionsOfTheOldApp));
        facts.add(Fact.of("sessions-same", "  - opens the same account after", tally.sameSessions));
        facts.add(Fact.of("sessions-only-here", "- let in only here", tally.sessionsOnlyHere));
        facts.add(Fact.of("sessions-hashed", "- stored as a hash by a later stage", tally.hashedSessions));
        return facts;
    }

    private static List<String> column(Handle handle, String sql) throws SQLException {
        List<String> values = new ArrayList<>();
        try (PreparedStatement statement = handle.prepare(sql);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                values.add(row.getString(1));
            }
        }
        return values;
    }
}
