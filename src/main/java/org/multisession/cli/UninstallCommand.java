package org.multisession.cli;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.multisession.boot.MigrationRun;
import org.multisession.boot.Sources;
import org.multisession.migration.Uninstall;
import org.multisession.migration.UninstallPlan;
import org.multisession.session.Heartbeat;

/** Shows everything that the migration has added, and removes it. */
final class UninstallCommand implements Command {

    private static final String YES = "yes";
    private static final String KEEP_SESSIONS = "keep-sessions";
    private static final String EVEN_IF_RUNNING = "even-if-running";

    private static final String STATE = "multisession_state";

    @Override
    public String name() {
        return "uninstall";
    }

    @Override
    public String summary() {
        return "show what was added to a database, and remove it";
    }

    @Override
    public String explanation() {
        return """
                Shows what it would remove and who would be signed out. Removes it only with
                --yes, or after a "yes" typed at the terminal, and after a copy of a SQLite file
                was made beside it (off with --migration.backup=off). Everything stops counting
                in one transaction; what takes long is deleted from the file afterwards, piece
                by piece, so that nobody has to wait. If it is stopped then, run it again.

                Removed is what Multi-Session has made: everything named multisession_...,
                auth_events, and user_sessions with its indexes. A user_sessions that the old
                app has made stays, and so does users, which is not touched. The schema is then
                what it was before the first migration. The old app goes on with each user's
                latest sign-in of stage coexist, which stands in users.auth_token.

                Undeploy the WAR from every Tomcat first: where one has given a sign of life
                within twelve minutes and was not stopped in order, nothing is removed. One that
                still runs answers its requests with errors from then on and makes nothing anew;
                but the next start of it, or of its Tomcat, migrates the database again.""";
    }

    @Override
    public List<Option> options() {
        return List.of(
                new Option(YES, "", "remove it without asking"),
                new Option(KEEP_SESSIONS, "", "keep user_sessions, for an old app that uses it"),
                new Option(EVEN_IF_RUNNING, "", "even if a Tomcat gave a sign of life recently"));
    }

    /** Some of ours may be gone. */
    @Override
    public String kept() {
        return "nothing of the app's own was changed";
    }

    @Override
    public int run(Call call) {
        boolean keepSessions = call.has(KEEP_SESSIONS);
        try (DatabaseSession open = DatabaseSession.open(call)) {
            Uninstall uninstaller = Sources.uninstall(
                    call.settings(), open.database(), call.terminal().clock(), call.progress());
            UninstallPlan found = open.retry().until(() -> uninstaller.look(keepSessions));
            if (found.isEmpty()) {
                call.say("This database has nothing of Multi-Session in it.");
                return DONE;
            }
            show(call, found);
            Instant alive = lastSignOfLife(call, open, found);
            if (alive != null && !call.has(EVEN_IF_RUNNING)) {
                call.terminal()
                        .err()
                        .println(
                                "multi-session: a Tomcat still runs Multi-Session on this database; its last sign of life was"
                                        + " at " + alive.truncatedTo(ChronoUnit.SECONDS)
                                        + ". Undeploy it there first. If it was"
                                        + " killed and nothing is running any more, add --even-if-running. Nothing was removed.");
                return call.has(YES) ? COULD_NOT_RUN : DONE;
            }
            if (!call.has(YES) && !call.terminal().isConfirmed("Remove it? Type yes to continue: ")) {
                call.say("");
                call.say(
                        call.terminal().ask() == null
                                ? "Nothing was removed. To remove it, add --yes."
                                : "Nothing was removed.");
                return DONE;
            }
            Uninstall.Outcome outcome = open.retry().until(() -> uninstaller.uninstall(keepSessions, found));
            MigrationRun.keepNewest(call.settings(), outcome.backup());
            call.say("");
            call.say("Removed: " + Plurals.counted(outcome.plan().objects().size(), "object")
                    + (outcome.leftOver() == 0
                            ? ", and nothing else changed."
                            : ", and " + Plurals.counted(outcome.leftOver(), "session")
                                    + " that opened nothing any more; nothing else changed."));
            if (outcome.backup() != null) {
                call.say("The database as it was before is in " + outcome.backup());
            }
            return DONE;
        }
    }

    private static @Nullable Instant lastSignOfLife(Call call, DatabaseSession open, UninstallPlan found) {
        boolean hasState = found.objects().stream().anyMatch(item -> item.name().equals(STATE));
        if (!hasState) {
            return null;
        }
        Instant now = call.terminal().clock().instant();
        return open.retry()
                .until(() -> open.database()
                        .<Optional<Instant>>read(handle -> Optional.ofNullable(Heartbeat.mayBeRunning(handle, now))))
                .orElse(null);
    }

    private static void show(Call call, UninstallPlan plan) {
        call.say("An uninstall removes what Multi-Session has added to this database:");
        showAll(call, plan, "table", "tables");
        showAll(call, plan, "index", "indexes");
        showAll(call, plan, "view", "views");
        showAll(call, plan, "trigger", "triggers");
        showAll(call, plan, "function", "functions");
        call.say("");
        call.say("It leaves:");
        call.say("  users (" + Plurals.counted(plan.users(), "row") + "), untouched");
        for (UninstallPlan.Item item : plan.kept()) {
            call.say("  " + item.name() + " (" + Plurals.counted(item.rows(), "row") + ")");
        }
        call.say("");
        call.say(Plurals.counted(plan.legacyTokens(), "user")
                + " can go on in the old app, with the token in users.auth_token.");
        if (plan.fallingOut() > 0) {
            call.say("Of " + Plurals.counted(plan.sessions(), "session") + " here, " + plan.fallingOut()
                    + " will have to sign in again there"
                    + (plan.keepsSessions()
                            ? ": the table holds only hashes of their tokens, which\nthe old app cannot read."
                            : "."));
        }
        if (plan.endedTokens() > 0) {
            call.say("For " + Plurals.counted(plan.endedTokens(), "user")
                    + " that token was signed out here; the old app does not know, and would accept it.");
        }
        call.say("");
        call.say("Undeploy the WAR first: a Tomcat that starts it again would migrate the database again.");
    }

    private static void showAll(Call call, UninstallPlan plan, String kind, String kinds) {
        List<String> names = new ArrayList<>();
        for (UninstallPlan.Item item : plan.objects()) {
            if (item.kind().equals(kind)) {
                names.add(item.name() + (kind.equals("table") ? " (" + Plurals.counted(item.rows(), "row") + ")" : ""));
            }
        }
        if (!names.isEmpty()) {
            call.say("  " + names.size() + " " + (names.size() == 1 ? kind : kinds) + ":");
            call.say(Plurals.listed(names));
        }
    }
}
