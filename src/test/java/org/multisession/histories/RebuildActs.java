package org.multisession.histories;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.multisession.testing.NewApp;
import org.multisession.testing.Rebuilds;

/** What tools and people do to the tables themselves: rebuilds, times without triggers, other names, and tidying up. */
final class RebuildActs extends Acts {

    /** What somebody changes, and what changes it back. */
    private static final List<Change> CHANGES_AND_BACK = List.of(
            changes("users RENAME TO users_away", "users_away RENAME TO users"),
            changes("users RENAME COLUMN auth_token TO token", "users RENAME COLUMN token TO auth_token"),
            changes("users RENAME COLUMN phone TO number", "users RENAME COLUMN number TO phone"),
            changes("user_sessions RENAME TO sessions_away", "sessions_away RENAME TO user_sessions"),
            changes(
                    "user_sessions RENAME COLUMN auth_token TO token",
                    "user_sessions RENAME COLUMN token TO auth_token"),
            changes("user_sessions RENAME COLUMN user_id TO owner", "user_sessions RENAME COLUMN owner TO user_id"),
            changes("users ADD COLUMN note VARCHAR(20)", "users DROP COLUMN note"),
            changes("user_sessions ADD COLUMN note VARCHAR(20)", "user_sessions DROP COLUMN note"));

    private record Change(String there, String back) {}

    private record Rebuild(String table, Rebuilds.Way way, String script) {

        boolean isOfUsers() {
            return table.equals("users");
        }
    }

    RebuildActs(History history) {
        super(history);
    }

    private static Change changes(String there, String back) {
        return new Change("ALTER TABLE " + there, "ALTER TABLE " + back);
    }

    /** Our triggers and indexes on the table are gone with the old one. */
    boolean rebuildUsers() {
        boolean sessionsAreOurs = !world.old
                .all("SELECT 1 FROM multisession_created WHERE name = 'user_sessions'")
                .isEmpty();
        boolean isLeftBehind = kind.renamingTakesForeignKeysAlong() && !sessionsAreOurs;
        Rebuilds.Way way = someWay();
        Rebuild users = new Rebuild("users", way, script(kind.rebuiltUsers(way), way));
        if (way == Rebuilds.Way.RENAME_FIRST && isLeftBehind) {
            // Or the foreign key of the old app's table would lead nowhere.
            rebuild(List.of(users, ofSessions()));
        } else {
            rebuild(List.of(users));
        }
        return true;
    }

    boolean rebuildSessions() {
        rebuild(List.of(ofSessions()));
        return true;
    }

    private Rebuild ofSessions() {
        Rebuilds.Way way = someWay();
        return new Rebuild("user_sessions", way, script(kind.rebuiltSessions(way), way));
    }

    private Rebuilds.Way someWay() {
        return random.nextBoolean() ? Rebuilds.Way.BATCH : Rebuilds.Way.RENAME_FIRST;
    }

    /** The rows of a table that was renamed out of the way may be deleted before it is dropped: they live on in the new one. */
    private String script(String rebuild, Rebuilds.Way way) {
        return way == Rebuilds.Way.RENAME_FIRST && random.nextBoolean() ? Rebuilds.emptyingFirst(rebuild) : rebuild;
    }

    private void rebuild(List<Rebuild> rebuilds) {
        boolean inAutocommit = random.nextBoolean();
        nodes.giveASignOfLife();
        NewApp here = nodes.some();
        boolean isAlsoOfUsers = rebuilds.stream().anyMatch(Rebuild::isOfUsers);
        for (Rebuild rebuild : rebuilds) {
            tell("rebuild " + rebuild.table() + (inAutocommit ? " in autocommit, " : ", ") + rebuild.way()
                    + (rebuild.script().contains("DELETE") ? ", emptied before it is dropped" : ""));
            boolean putsBack = !inAutocommit && random.nextBoolean();
            if (inAutocommit) {
                inAutocommit(rebuild.script(), isAlsoOfUsers);
            } else {
                String script = rebuild.isOfUsers() ? swapped(rebuild.script()) : rebuild.script();
                if (putsBack) {
                    tell("our triggers are put back word for word");
                    script = kind.puttingTriggersBack(world.old, rebuild.table(), script);
                }
                world.old.run(script);
            }
            promises.usersNoted &= putsBack || !rebuild.isOfUsers();
            promises.sessionsNoted &= putsBack || rebuild.isOfUsers();
        }
        if (!kind.mendsWhileDeployed()) {
            // A server refuses a prepared statement whose columns have other types now, as after a copy.
            world.siblingComesAgain();
        }
        if (inAutocommit && here != null && kind.mendsWhileDeployed()) {
            here.database.lookAfterSchema();
            promises.usersNoted = true;
            promises.sessionsNoted = true;
            if (isAlsoOfUsers) {
                promises.sessions.values().stream()
                        .filter(session -> !Promises.isNumber(promises.phones.get(session.userId)))
                        .forEach(session -> session.ended = true);
            }
            // The repair is a migration, too.
            promises.refuseShared();
            return;
        }
        for (Rebuild rebuild : rebuilds) {
            promises.usersUnwatched |= rebuild.isOfUsers();
            promises.sessionsUnwatched |= !rebuild.isOfUsers();
        }
        history.theOldAppGoesOn();
    }

    /** Each statement is committed, and requests come in between: nothing changes for anybody. */
    private void inAutocommit(String script, boolean endsThoseWithoutNumber) {
        NewApp here = nodes.some();
        for (String statement : Rebuilds.inAutocommit(script)) {
            world.old.run(statement);
            if (here != null) {
                checks.everyTokenIsRightOrAskedToWait(here, endsThoseWithoutNumber);
                checks.lookForTokensToForget(here);
            }
        }
    }

    /** Two users get each other's ids on the way, as when a tool numbers the rows anew. */
    private String swapped(String rebuild) {
        List<Long> users = new ArrayList<>(promises.legacy.keySet());
        if (users.size() < 2 || random.nextInt(3) > 0) {
            return rebuild;
        }
        Collections.shuffle(users, random);
        long one = users.get(0);
        long other = users.get(1);
        if (promises.phoneOf(one).equals(promises.phoneOf(other))) {
            return rebuild;
        }
        tell("users " + one + " and " + other + " change ids in this rebuild");
        promises.haveChangedIds(one, other);
        return rebuild.replace(
                "SELECT id, phone",
                "SELECT CASE id WHEN " + one + " THEN " + other + " WHEN " + other + " THEN " + one
                        + " ELSE id END, phone");
    }

    /** Rows may change unseen between two looks that find every trigger in its place. */
    boolean leaveUnwatchedForAWhile() {
        nodes.giveASignOfLife();
        boolean isOfUsers = random.nextBoolean();
        String table = isOfUsers ? "users" : "user_sessions";
        boolean isTheFirstWay = random.nextBoolean();
        tell("nobody watches " + table + (isTheFirstWay ? ", in the first way" : ", in the second way"));
        boolean usersWereNoted = promises.usersNoted;
        boolean sessionsWereNoted = promises.sessionsNoted;
        DatabaseKind.Gap gap = kind.gap(world.old, table, isTheFirstWay);
        world.old.run(gap.beginning());
        promises.usersUnwatched |= isOfUsers;
        promises.sessionsUnwatched |= !isOfUsers;
        promises.usersNoted &= !isOfUsers;
        promises.sessionsNoted &= isOfUsers;
        history.theOldAppGoesOn();
        tell("all triggers of " + table + " are back");
        world.old.run(gap.end());
        promises.usersNoted = usersWereNoted;
        promises.sessionsNoted = sessionsWereNoted;
        history.theOldAppGoesOn();
        return true;
    }

    /** Somebody signs everybody out by making the table anew, with nothing in it. */
    boolean dropSessions() {
        nodes.giveASignOfLife();
        tell("user_sessions is dropped, and made anew");
        world.old.run("BEGIN");
        world.old.run("DROP TABLE user_sessions");
        kind.makeSessionsTable(world.old);
        world.old.run("COMMIT");
        promises.endAll(promises.sessions.values());
        promises.sessionsNoted = false;
        promises.sessionsUnwatched = true;
        history.theOldAppGoesOn();
        return true;
    }

    /** A table or a column has another name for a while, or there is one more: nothing changes for anybody. */
    boolean renameAndBack() {
        NewApp here = nodes.some();
        if (nodes.isLocked()) {
            return false;
        }
        Change change = world.some(CHANGES_AND_BACK);
        tell("between " + change.there() + " and back");
        world.old.run(change.there());
        if (here != null) {
            checks.everyTokenIsRightOrAskedToWait(here, false);
            checks.lookForTokensToForget(here);
        }
        world.old.run(change.back());
        // SQLite has written the other name into our triggers, and puts the former in quotes; they are made anew.
        promises.isToBeMended |= kind.mendsWhileDeployed() && change.there().contains("RENAME TO");
        if (here != null && kind.mendsWhileDeployed()) {
            here.database.lookAfterSchema();
            promises.repaired();
        }
        return true;
    }

    boolean tidyUp() {
        String sql = world.some(kind.tidying());
        tell(sql);
        world.old.run(sql);
        return true;
    }

    boolean changeJournal() {
        tell("another journal");
        kind.changeJournal(world.old);
        return true;
    }
}
