package org.multisession.histories;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.migration.Uninstall;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.Rebuilds;
import org.multisession.testing.TestClock;

/** What differs from one kind of database to another: what can happen there, and by which statements. */
interface DatabaseKind {

    /** An empty database of the old app with a users table, in this folder. */
    OldApp fresh(Path folder, int number);

    /** How many nodes of our app are deployed on this database. */
    int nodes(OldApp old);

    /** What can happen there. */
    Set<Step> steps();

    /** How many sessions a migration that ran now would find in its verification; empty if it has none. */
    OptionalLong verifiedSessions(NewApp app);

    Uninstall uninstall(Database database);

    /** Plays a migration and takes it back. */
    void dryRun(NewApp app);

    /** Whose account each token opens after a deploy, as the check says; nothing where it cannot be asked. */
    Map<String, @Nullable Long> foreseen(OldApp old, Stage stage, SessionRules rules, TestClock clock);

    /** Whether our app makes triggers anew that a rebuild has taken while it is deployed, or the next deploy does. */
    boolean mendsWhileDeployed();

    /** The old app makes the table of its multi form. */
    void makeSessionsTable(OldApp old);

    /** Another connection to this database. */
    OldApp another(OldApp old);

    /** A new user, who may get an id that another one had. */
    long addUser(OldApp old, String phone, @Nullable String token);

    /** Another user gets the id of this one at once. */
    void replaceUser(OldApp old, long user, String phone, String token);

    void deleteUser(OldApp old, long user);

    /** A user gets another id, which their sessions do not. */
    void renumberUser(OldApp old, long user, long id);

    /** A trigger of the team's that leaves out such rows of user_sessions in silence, until it is dropped. */
    void leaveOutSessions(OldApp old, String condition);

    void dropTheTeamsTrigger(OldApp old);

    /** What tidies a database up and changes nothing in it, in several ways. */
    List<String> tidying();

    /** The other journal mode, if nobody else is in the way. */
    void changeJournal(OldApp old);

    /** Copies the database, to be put in its place some day. */
    void backUp(OldApp old);

    /** Puts the latest copy in its place, while our app is away. */
    void restore(OldApp old);

    /** The same by another file in its place, whoever has it open. */
    OldApp replaced(OldApp old);

    /** The database's file goes elsewhere, whoever has it open. */
    void moveAway(OldApp old);

    /** The latest copy is where the file was that is away. */
    OldApp standIn(OldApp away);

    /** The file is in its place again, whatever was there meanwhile. */
    void moveBack(OldApp away);

    /** Whether a program can go on to write to a file that was moved away. */
    boolean writesWhileAway(OldApp old);

    /** The same database, made anew from its dump while our app is away. */
    OldApp dumpedAndRead(OldApp old);

    /** The same in a database of the other kind, a new one or one that it was copied to before, while our app is away. */
    OldApp copiedThere(OldApp old, @Nullable OldApp before, TestClock clock);

    /** The same in a database of this kind, a new one or the one that it all came from. */
    OldApp copiedBack(OldApp there, @Nullable OldApp first, TestClock clock);

    /** Every connection to the database is cut, but for the old app's. */
    void cutConnections(OldApp old);

    /** A row is put in that may be there. */
    void putBackARow(OldApp old, long user, String token, boolean replaces);

    /** Another session takes a row id. */
    void takeARow(OldApp old, String id, long user, String token, String time);

    boolean hasSessionsTable(OldApp old);

    String rebuiltUsers(Rebuilds.Way way);

    String rebuiltSessions(Rebuilds.Way way);

    /** The same rebuild by somebody who puts the table's triggers back word for word. */
    String puttingTriggersBack(OldApp old, String table, String rebuild);

    /** How a table is left as it is and loses its triggers for a while; one of several ways. */
    Gap gap(OldApp old, String table, boolean isTheFirstWay);

    /** A time without triggers: the script that begins it, and the one after which all of them are there as before. */
    record Gap(String beginning, String end) {}

    /** Whether the foreign key of user_sessions goes along with a table users that is renamed out of the way, and stays there. */
    boolean renamingTakesForeignKeysAlong();
}
