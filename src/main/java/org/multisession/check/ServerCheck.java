package org.multisession.check;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.multisession.Product;
import org.multisession.db.Handle;
import org.multisession.db.ReadOnly;
import org.multisession.db.sqlite.ReadOnlyDatabase;
import org.multisession.migration.DryRun;
import org.multisession.migration.Progress;
import org.multisession.migration.TableDigest;
import org.multisession.session.Stage;

/**
 * The check of a PostgreSQL database. It reads the database in one snapshot, in a transaction that may write nothing,
 * and asks the rules for every token on a copy of what decides. It plays no sign-in, because that would be a write on a
 * database in use; it names what reading cannot tell.
 */
final class ServerCheck {

    private final Check check;
    private final CheckRules rules;
    private final Duration busyTimeout;
    private final InstantSource clock;
    private final Progress progress;

    ServerCheck(Check check, CheckRules rules, Duration busyTimeout, InstantSource clock, Progress progress) {
        this.check = check;
        this.rules = rules;
        this.busyTimeout = busyTimeout;
        this.clock = clock;
        this.progress = progress;
    }

    Report of(ReadOnly server) {
        Instant now = clock.instant();
        Findings findings = new Findings();
        List<Fact> facts = new ArrayList<>();
        try (ScratchRows rows = ScratchRows.empty()) {
            ServerSchema found = server.snapshot(handle -> read(handle, rows));
            facts.addAll(found.facts());
            facts.add(Fact.of(
                    "method",
                    "Checked",
                    "by reading alone, at one moment; a deploy also tries a sign-in and undoes it"));
            judge(found, findings);
            if (found.refusal() == null) {
                facts.addAll(ask(rows, found, now, findings));
            }
        }
        return new Report(server.toString(), false, Product.ours(), rules, now, facts, findings.all());
    }

    private ServerSchema read(Handle handle, ScratchRows rows) throws SQLException {
        ServerSchema found = ServerSchema.of(handle);
        if (found.refusal() == null) {
            rows.fill(handle, found, clock, progress);
        }
        return found;
    }

    private void judge(ServerSchema found, Findings findings) {
        if (found.refusal() != null) {
            findings.add(Fault.DEPLOY_REFUSED, Row.of(found.refusal()));
        }
        found.obstacles(rules.stage()).forEach(obstacle -> findings.add(Fault.DEPLOY_REFUSED, Row.of(obstacle)));
        Stream.of(Stage.values())
                .filter(other -> other != rules.stage())
                .flatMap(other ->
                        found.obstacles(other).stream().map(obstacle -> obstacle + " in stage " + other.stored()))
                .filter(obstacle -> found.obstacles(rules.stage()).isEmpty())
                .forEach(obstacle -> findings.add(Fault.OTHER_STAGE, Row.of(obstacle)));
        found.strayReferences()
                .forEach(table -> findings.add(
                        Fault.DEPLOY_REFUSED,
                        Row.of("a foreign key of user_sessions leads to " + table + ", not to users")));
        found.foreignTriggers().forEach(name -> findings.add(Fault.TRIGGER, Row.of(name)));
        found.unknownEffects().forEach(what -> findings.add(Fault.NOT_TRIED, Row.of(what)));
        if (found.preventsDeletions()) {
            findings.add(Fault.USER_DELETION, Row.of("by the foreign key of user_sessions"));
        }
        if (rules.asksForCodes() && (rules.stage().acceptsLegacyTokens() || !found.sessionsAreOurs())) {
            findings.add(
                    Fault.OPEN_OLD_SIGN_IN,
                    Row.of("stage " + rules.stage().stored() + ", multisession.login.verification = code"));
        }
    }

    private List<Fact> ask(ScratchRows rows, ServerSchema found, Instant now, Findings findings) {
        try (ReadOnlyDatabase copy = ReadOnlyDatabase.open(rows.path(), busyTimeout)) {
            List<Fact> facts = new ArrayList<>();
            DryRun rehearsal = copy.snapshot(handle -> {
                DryRun prepared = DryRun.prepare(handle);
                List<String> tables = new ArrayList<>(prepared.isNew() ? List.of() : List.of("users"));
                if (prepared.hasSessions()) {
                    tables.add("user_sessions");
                }
                facts.add(Fact.of(
                        "data-digest",
                        "Fingerprint of the numbers, tokens and sessions",
                        TableDigest.ofTables(handle, tables, progress)));
                return prepared;
            });
            facts.add(Fact.of("old-app", "The old app", Check.oldApp(rehearsal)));
            facts.add(Fact.of(
                    "deployed-before", "Multi-Session was deployed before", found.wasMigrated() ? "yes" : "no"));
            facts.add(Fact.of(
                    "to-be-made",
                    "The deploy would create",
                    found.missing() == 0 ? "nothing" : Report.counted(found.missing(), "object")));
            facts.add(Fact.of("token-index", "Index on users.auth_token", found.tokenIsIndexed() ? "yes" : "no"));
            facts.add(Fact.of(
                    "triggers", "Triggers of your own", found.foreignTriggers().size()));
            facts.addAll(check.rehearse(copy, rehearsal, now, findings));
            facts.add(Fact.of(
                    "longest-wait",
                    "Longest wait of others",
                    "half a second at a time; a step that gets no lock by then lets them pass and tries again"));
            return facts;
        }
    }
}
