package org.multisession.check;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.multisession.Product;
import org.multisession.check.AccessComparison.Opening;
import org.multisession.db.DatabaseException;
import org.multisession.db.FailureKind;
import org.multisession.db.Handle;
import org.multisession.db.ReadOnly;
import org.multisession.db.sqlite.FileAccess;
import org.multisession.db.sqlite.FileFacts;
import org.multisession.db.sqlite.ReadOnlyDatabase;
import org.multisession.db.sqlite.ScratchCopy;
import org.multisession.migration.DryRun;
import org.multisession.migration.Held;
import org.multisession.migration.MigrationRefusedException;
import org.multisession.migration.NeededSqlite;
import org.multisession.migration.Progress;
import org.multisession.migration.Soundness;
import org.multisession.migration.TableDigest;
import org.multisession.session.Heartbeat;

/**
 * Reports what a deploy on a database would mean, and for whom. Changes nothing, and may run beside the app.
 *
 * <p>It works on a snapshot in the temp directory, so it holds no lock that an app could wait for. It plays the deploy
 * on that copy, and so meets whatever a deploy would meet; then it asks of every token there what it opens.
 */
public final class Check {

    private final CheckRules rules;
    private final Trials trials;
    private final Duration busyTimeout;
    private final InstantSource clock;
    private final LongSupplier nanoTime;
    private final Progress progress;
    private final Consumer<Opening> listener;

    /** Checks for a deploy with these settings. */
    public Check(CheckRules rules, Trials trials, Duration busyTimeout, InstantSource clock, Progress progress) {
        this(rules, trials, busyTimeout, clock, System::nanoTime, progress, opening -> {});
    }

    /** Measures its copy by this clock, and passes every token and what it opens to the consumer. */
    Check(
            CheckRules rules,
            Trials trials,
            Duration busyTimeout,
            InstantSource clock,
            LongSupplier nanoTime,
            Progress progress,
            Consumer<Opening> listener) {
        this.rules = rules;
        this.trials = trials;
        this.busyTimeout = busyTimeout;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.progress = progress;
        this.listener = listener;
    }

    /** What the snapshot shows. */
    private record Seen(
            List<Fact> facts,
            Soundness soundness,
            @Nullable DryRun rehearsal,
            @Nullable String refusal) {}

    /**
     * What was tried on the snapshot.
     *
     * @param rehearsal null if nothing more is to be asked
     * @param played null if the deploy was refused
     */
    private record Tried(@Nullable DryRun rehearsal, PlayedDeploy.@Nullable Played played) {}

    /**
     * The report on a SQLite file.
     *
     * @throws DatabaseException if it cannot be read
     */
    public Report of(Path path) {
        Instant now = clock.instant();
        try (ReadOnlyDatabase original = ReadOnlyDatabase.open(path, busyTimeout)) {
            // This must come before anything opens the file.
            FileFacts file = FileFacts.of(original.path());
            boolean hasLog = original.hasWriteAheadLog();
            Findings findings = new Findings();
            List<Fact> facts = new ArrayList<>(factsOf(file, hasLog));
            try {
                read(original, now, facts, findings);
            } catch (DatabaseException e) {
                // What is no database at all is most likely the wrong file.
                if (e.kind() != FailureKind.DAMAGE || !file.isDatabase()) {
                    throw e;
                }
                findings.add(Fault.DAMAGED_FILE, Row.of("it could not be read completely"));
            }
            if (hasLog) {
                FileAccess.logThatShutsOthersOut(original.path())
                        .ifPresent(words -> findings.add(Fault.LOG_OF_ONE_ACCOUNT, Row.of(words)));
            }
            int needed = NeededSqlite.version();
            if (file.size() > 0 && file.writtenBy() < needed) {
                findings.add(
                        Fault.OLD_SQLITE,
                        Row.of("written by " + version(file) + ", needed: " + NeededSqlite.inWords(needed)));
            }
            return new Report(original.path().toString(), true, Product.ours(), rules, now, facts, findings.all());
        }
    }

    /**
     * The report on a PostgreSQL database.
     *
     * @throws DatabaseException if it cannot be read
     */
    public Report of(ReadOnly server) {
        return new ServerCheck(this, rules, busyTimeout, clock, progress).of(server);
    }

    private void read(ReadOnlyDatabase original, Instant now, List<Fact> facts, Findings findings) {
        Tried tried;
        Held copying;
        try (ScratchCopy copy = ScratchCopy.of(original, nanoTime)) {
            copying = Held.byCopy(rules.makesBackup() ? copy.held() : 0);
            tried = copy.use(path -> tryOn(path, now, facts, findings));
        }
        DryRun rehearsal = tried.rehearsal();
        if (rehearsal == null) {
            return;
        }
        if (rules.asksForCodes() && (rules.stage().acceptsLegacyTokens() || rehearsal.hasSessionsOfTheOldApp())) {
            findings.add(
                    Fault.OPEN_OLD_SIGN_IN,
                    Row.of("stage " + rules.stage().stored() + ", multisession.login.verification = code"));
        }
        PlayedDeploy.Played played = tried.played();
        if (played != null) {
            facts.add(Fact.of(
                    "longest-wait",
                    "Longest wait of others, measured on a copy",
                    copying.orLonger(played.longest()).predicted()));
        }
    }

    private Tried tryOn(Path copy, Instant now, List<Fact> facts, Findings findings) {
        DryRun rehearsal = look(copy, facts, findings);
        if (rehearsal == null) {
            return new Tried(null, null);
        }
        PlayedDeploy.Played played = new PlayedDeploy(rules.stage(), trials, busyTimeout, clock, progress, findings)
                .on(copy, rehearsal, handle -> ask(handle, rehearsal, now, findings));
        List<Fact> asked = played == null ? null : played.facts();
        facts.addAll(asked == null ? rehearse(copy, now, findings) : asked);
        return new Tried(rehearsal, played);
    }

    /** What is there before a deploy; null if nothing more is to be asked. */
    private @Nullable DryRun look(Path copy, List<Fact> facts, Findings findings) {
        Seen seen;
        try (ReadOnlyDatabase database = ReadOnlyDatabase.open(copy, busyTimeout)) {
            seen = database.snapshot(this::look);
        }
        facts.addAll(seen.facts());
        seen.soundness().damages().forEach(damage -> findings.add(Fault.DAMAGED_FILE, Row.of(damage)));
        seen.soundness().brokenRules().forEach(broken -> findings.add(Fault.BROKEN_CONSTRAINT, Row.of(broken)));
        if (seen.refusal() != null) {
            findings.add(Fault.DEPLOY_REFUSED, Row.of(seen.refusal()));
        }
        DryRun rehearsal = seen.rehearsal();
        if (rehearsal != null) {
            facts.addAll(factsOf(rehearsal));
            rehearsal.strayReferences().forEach(table -> findings.add(Fault.STRAY_REFERENCE, Row.of(table)));
            rehearsal.foreignTriggers().forEach(name -> findings.add(Fault.TRIGGER, Row.of(name)));
        }
        return rehearsal;
    }

    /**
     * The same facts where the deploy was refused, or its tables do not show the order of the users. On the same copy: another
     * one would show what the app has written since, and nothing counts of a deploy that was refused.
     */
    private List<Fact> rehearse(Path copy, Instant now, Findings findings) {
        try (ReadOnlyDatabase database = ReadOnlyDatabase.open(copy, busyTimeout)) {
            return rehearse(database, database.snapshot(DryRun::prepare), now, findings);
        }
    }

    /** Plays the migration on the copies that a rehearsal has made, and asks of every token what it opens. */
    List<Fact> rehearse(ReadOnlyDatabase database, DryRun rehearsal, Instant now, Findings findings) {
        return database.onTemporary(handle -> {
            rehearsal.play(handle, now);
            return ask(handle, rehearsal, now, findings);
        });
    }

    private Seen look(Handle handle) throws SQLException {
        Soundness soundness = Soundness.of(handle, "main");
        List<Fact> facts = new ArrayList<>();
        facts.add(Fact.of("integrity", "SQLite's integrity check", inWords(soundness)));
        if (!soundness.damages().isEmpty()) {
            return new Seen(facts, soundness, null, null);
        }
        facts.add(Fact.of("schema-digest", "Fingerprint of the schema (SHA-256)", TableDigest.ofSchema(handle)));
        try {
            DryRun rehearsal = DryRun.look(handle);
            List<String> tables = new ArrayList<>(rehearsal.isNew() ? List.of() : List.of("users"));
            if (rehearsal.hasSessions()) {
                tables.add("user_sessions");
            }
            facts.add(Fact.of(
                    "data-digest",
                    "Fingerprint of " + (tables.isEmpty() ? "the data" : String.join(", ", tables)),
                    TableDigest.ofTables(handle, tables, progress)));
            return new Seen(facts, soundness, rehearsal, null);
        } catch (MigrationRefusedException e) {
            return new Seen(facts, soundness, null, e.getMessage());
        }
    }

    private static String inWords(Soundness soundness) {
        int faults = soundness.damages().size() + soundness.brokenRules().size();
        String words = faults == 0 ? "ok" : "finds " + Report.counted(faults, "fault");
        return soundness.unchecked().isEmpty()
                ? words
                : words + "; not checked: " + String.join(", ", soundness.unchecked())
                        + ", because an index or a constraint there calls a function that only the app has";
    }

    private static List<Fact> factsOf(FileFacts file, boolean hasLog) {
        return List.of(
                Fact.of("file-size", "Size of the file in bytes", file.size()),
                Fact.of("log-size", "Size of its write-ahead log in bytes", file.logSize()),
                Fact.of(
                        "modified-at",
                        "Written last",
                        file.modifiedAt().truncatedTo(ChronoUnit.SECONDS).toString()),
                Fact.of("sqlite", "SQLite version that last wrote it", version(file)),
                Fact.of("journal", "Journal", hasLog ? "write-ahead log" : "rollback journal"));
    }

    private static String version(FileFacts file) {
        return file.writtenBy() == 0 ? "before 3.7.0" : NeededSqlite.inWords(file.writtenBy());
    }

    private static List<Fact> factsOf(DryRun rehearsal) {
        List<Fact> facts = new ArrayList<>();
        facts.add(Fact.of("old-app", "The old app", oldApp(rehearsal)));
        facts.add(Fact.of(
                "deployed-before", "Multi-Session was deployed before", rehearsal.wasMigrated() ? "yes" : "no"));
        facts.add(Fact.of("to-be-made", "The deploy would create", inShort(rehearsal.toBeMade())));
        facts.add(Fact.of("token-index", "Index on users.auth_token", rehearsal.tokenIsIndexed() ? "yes" : "no"));
        List<String> triggers = rehearsal.foreignTriggers();
        facts.add(Fact.of("triggers", "Triggers of your own", triggers.size()));
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

    static String oldApp(DryRun rehearsal) {
        if (rehearsal.isNew()) {
            return "none: the database is empty";
        }
        return rehearsal.hasSessionsOfTheOldApp()
                ? "multi: looks in user_sessions first, then in users.auth_token"
                : "single: knows only users.auth_token";
    }

    private List<Fact> ask(Handle handle, DryRun rehearsal, Instant now, Findings findings) throws SQLException {
        CheckRules ofDeploy = rules.watchedBy(Heartbeat.atDeploy(handle, now));
        AccessComparison.Tally tally =
                new AccessComparison(rehearsal, ofDeploy, now, findings, progress, listener).read(handle);
        new Numbers(rules.phoneRegion(), findings, progress).read(handle, rehearsal.place());
        return facts(tally);
    }

    private static List<Fact> facts(AccessComparison.Tally tally) {
        List<Fact> facts = new ArrayList<>();
        facts.add(Fact.of("users", "Users", tally.users));
        facts.add(Fact.of("users-without-token", "- no token (NULL)", tally.withoutToken));
        facts.add(Fact.of("users-with-empty-token", "- an empty token, which opens nothing", tally.emptyTokens));
        facts.add(Fact.of("users-with-unusable-token", "- a token that is not text", tally.unusableTokens));
        facts.add(Fact.of("users-with-unsendable-token", "- a token that no header can carry", tally.unsendableTokens));
        facts.add(Fact.of("legacy-tokens", "- a token that a device can send", tally.legacyTokens));
        facts.add(Fact.of("legacy-tokens-same", "  - opens the same account after", tally.sameLegacyTokens));
        facts.add(Fact.of("legacy-tokens-changed", "  - does not: see the findings", tally.changedLegacyTokens));
        facts.add(Fact.of("sessions", "Sessions", tally.sessions));
        facts.add(Fact.of("sessions-mirrored", "- also a legacy token, counted there", tally.mirroredSessions));
        facts.add(Fact.of("sessions-of-the-old-app", "- let in by the old app", tally.sessionsOfTheOldApp));
        facts.add(Fact.of("sessions-same", "  - opens the same account after", tally.sameSessions));
        facts.add(Fact.of("sessions-changed", "  - does not: see the findings", tally.changedSessions));
        facts.add(Fact.of("sessions-only-here", "- let in only here", tally.sessionsOnlyHere));
        facts.add(Fact.of("sessions-hashed", "- stored as a hash by a later stage", tally.hashedSessions));
        facts.add(Fact.of("sessions-without-effect", "- opens nothing, before or after", tally.sessionsWithoutEffect));
        return facts;
    }
}
