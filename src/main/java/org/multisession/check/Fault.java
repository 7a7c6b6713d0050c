package org.multisession.check;

import static org.multisession.check.Severity.NOTE;
import static org.multisession.check.Severity.NOT_SAFE;
import static org.multisession.check.Severity.WARNING;

import java.util.Locale;

/**
 * Every kind of fault that a check knows, in the order of a report: what it is, what it means for the users whose rows
 * have it, and what to do. "Before" is what the old app does, "after" what this product does once it is deployed.
 */
public enum Fault {
    DAMAGED_FILE(
            NOT_SAFE,
            "SQLite finds the file damaged",
            "What it holds cannot be relied on, and nothing else of it was checked.",
            "Restore it from a backup, or recover it with the sqlite3 shell (.recover), and check that one."),
    DEPLOY_REFUSED(
            NOT_SAFE,
            "The deploy would refuse this database",
            "Nothing would be changed and nobody signed out, but the application would not start.",
            "Do what the reason says, and check again."),
    OLD_SQLITE(
            NOT_SAFE,
            "The file was last written by a SQLite that could not open it after the deploy",
            "The deploy makes objects that this SQLite does not know, and it refuses to open a file which has them"
                    + " (\"malformed database schema\"): the old app could do nothing from then on.",
            "Have the old app use a newer SQLite and write once with it, and check again. If another program with an old"
                    + " SQLite has written last, make sure that it does not need the file."),
    SHARED_TOKEN(
            NOT_SAFE,
            "One legacy token stands in the rows of several users",
            "Before, every device with this token opens the account of the first of them, whoever holds it. After, it"
                    + " opens nobody's, since nobody can tell whose device it is: all of these users are signed out.",
            "Find out how they came by one token. Keep it for the one user whose it is, and set users.auth_token of the"
                    + " others to NULL: they have to sign in again either way. If it is nobody's for certain, set it to"
                    + " NULL in all rows, and tell these users."),
    TOKEN_SPELLS_ANOTHER(
            NOT_SAFE,
            "A token is the spelling of another user's token",
            "A cookie's value is read as it is, without quotes, and percent-decoded, since libraries write one token in"
                    + " different ways. This token, read in another of these ways, is the token of another user, so the"
                    + " cookie of the one cannot be told from the cookie of the other: it opens neither account.",
            "Give one of the two users a new token. Random tokens do not meet like this."),
    OTHER_ACCOUNT(
            NOT_SAFE,
            "A token opens another account after the deploy than before",
            "Before, the user's own row is found by it; after, a session of somebody else is found first.",
            "Delete the session, or set users.auth_token of the user to NULL; the user signs in again."),
    ORPHAN_OVER_LEGACY(
            NOT_SAFE,
            "A session of a user who is gone holds the legacy token of another user",
            "After, the token is that session's, which has ended, and opens nothing. Before, an old app that goes on to"
                    + " users.auth_token when the session has no user lets this user in: the user is signed out.",
            "Delete that row of user_sessions; then the token is the user's alone."),
    LEGACY_REFUSED(
            NOT_SAFE,
            "Legacy tokens that the stage refuses",
            "Before, these users' devices are let in by users.auth_token. In this stage that is not looked at any more:"
                    + " they are signed out.",
            "Stay in an earlier stage (multisession.stage) until these users have signed in again."),
    HASH_SHAPED_TOKEN(
            NOT_SAFE,
            "A token has the shape of a stored hash (sha256:…)",
            "Before, the old app compares it as any text. After, nothing of this shape is ever taken as a token, so that"
                    + " a leaked table opens nothing: whoever holds it is signed out.",
            "Set users.auth_token of these users to another random value or to NULL: they sign in again either way."),
    NUMBER_TOKEN(
            NOT_SAFE,
            "A token is stored as a number, since its column is declared as one",
            "SQLite has dropped leading zeros and rounded what has many digits, so the devices may hold another text than"
                    + " the row. Before, any text of the same number is let in. After, only the text that the row shows"
                    + " today: other devices are signed out.",
            "Declare the column as VARCHAR(128), and set users.auth_token of these users to NULL: they sign in again."),
    TOKEN_TOO_LONG_FOR_A_HEADER(
            NOT_SAFE,
            "A token is too long for Tomcat",
            "Tomcat refuses a request whose header is over 8 KiB before any application sees it. No browser keeps such a"
                    + " cookie (4 KiB), but a program may, and Python's servers take it: that program is signed out.",
            "Set maxHttpHeaderSize of Tomcat's Connector to more than the token needs, or give the user a new token."),
    UNWITNESSED(
            NOT_SAFE,
            "A token that came to be, or was changed, while a rebuilt table had no triggers",
            "Somebody has rebuilt a table, and then nobody notes whether a session was signed out, or who got the id of"
                    + " somebody else. What cannot be told is ended: these users are signed out here.",
            "Nothing can be told afterwards. Deploy; these users sign in again. Keep Multi-Session deployed while a table is"
                    + " rebuilt: then it takes seconds until everything is watched again."),
    LEFT_OUT(
            NOT_SAFE,
            "A token that opens an account before opens none after",
            "The user's devices that hold it are signed out.",
            "Set users.auth_token to a new random value; the user signs in again."),

    STRAY_REFERENCE(
            WARNING,
            "A foreign key of user_sessions leads to another table than users",
            "Somebody has rebuilt users by renaming the old table first, and SQLite took the foreign key along. Nobody can"
                    + " sign in or out until it leads to users again. Nobody is signed out by it.",
            "Nothing: a deploy corrects it, and an application that runs has done so within seconds."),
    OPEN_OLD_SIGN_IN(
            WARNING,
            "Codes prove nothing while the old app signs in by the number alone",
            "Whoever signs in to the old app gets a token that is accepted here too, as every token of the old app's is."
                    + " If its sign-in asks for a number and no code, to know somebody's number is enough, whatever"
                    + " multisession.login.verification says.",
            "Unless the old app's sign-in asks for a code as well, let the proxy send its path to this sign-in:"
                    + " docs/security.md has the lines for nginx and Caddy."),
    SIGN_IN_OF_SOME(
            WARNING,
            "A sign-in does not work for some users",
            "It was played on a copy with a few users, and a constraint or a trigger refused it for these and not for"
                    + " others. They stay signed in, but cannot sign in on another device.",
            "Look whether the constraint or the trigger means that."),
    OTHER_STAGE(
            WARNING,
            "Another stage would not work on this schema",
            "The stage that was checked for works. A deploy in the other one would be refused, with the reason above, and"
                    + " nothing would be changed.",
            "Nothing now. Change the constraint or the trigger before that stage is to come."),
    TOKEN_OF_ANOTHER(
            WARNING,
            "A legacy token is a session of another user",
            "Both apps look for a session first, so before and after this token opens the account of the session's user,"
                    + " not of the one in whose row it stands. The deploy changes nothing for either. An old app that"
                    + " looks at users.auth_token alone would open the other account.",
            "Find out whose device holds it. Set users.auth_token of the other one to NULL, or delete the session."),
    SHORT_TOKEN(
            WARNING,
            "A token is shorter than 16 characters",
            "It is a token like any other, before and after: nobody is signed out for it. But it can be found by"
                    + " trying.",
            Fault.NEW_TOKEN),
    DIGITS_ONLY_TOKEN(
            WARNING,
            "A token consists of a few digits only",
            "It is a token like any other, before and after. Digits are ten values a place: such a token is easily found by"
                    + " trying, and may be a number that others know.",
            Fault.NEW_TOKEN),
    COLLIDING_NUMBER(
            WARNING,
            "Several users have the same telephone number, written differently or not",
            "Their devices stay signed in. A new sign-in by this number is refused, for all of them: nobody is guessed.",
            "Find out whose number it is, and change or clear users.phone of the others."),
    NO_NUMBER(
            WARNING,
            "users.phone holds no telephone number",
            "The user's devices stay signed in. A new sign-in by a code is not possible, since there is no number that it"
                    + " could go to; with multisession.login.verification=none, exactly what stands in the row signs in.",
            "Write the number in; any usual way of writing it will do."),
    TEXT_FOR_A_NUMBER(
            WARNING,
            "users.phone holds a number that is none by today's numbering plan",
            "The user's devices stay signed in. A new sign-in finds the user by exactly what stands in the row and by"
                    + " nothing else, and a code goes to that number as it stands.",
            "Write the number in as it is dialled today."),
    MISSING_NUMBER(
            WARNING,
            "users.phone is NULL or empty",
            "The user's devices stay signed in. A new sign-in is not possible.",
            "Write the number in, if the user is to sign in again."),
    ORPHAN_SESSION(
            WARNING,
            "A session belongs to no user",
            "It opens nothing, before or after. Before, it would open the account of a new user who is given the same"
                    + " id, as SQLite gives ids out again; the deploy ends it for good, so that it never does.",
            "Nothing. The row may be deleted."),
    INTEGER_TIME(
            WARNING,
            "A session's time is a number",
            "Here it is read as milliseconds since 1970, and the session lives on. SQLAlchemy cannot read it: the old"
                    + " app's whole query fails when it meets this row.",
            "Write it as 'YYYY-MM-DD HH:MM:SS.ffffff' in UTC: datetime(created_at / 1000, 'unixepoch')."),
    ISO_TIME(
            WARNING,
            "A session's time is written with T, Z or an offset",
            "Here it is read, and the session lives on. SQLAlchemy is made for 'YYYY-MM-DD HH:MM:SS.ffffff' and may fail"
                    + " on this row.",
            "Write it as 'YYYY-MM-DD HH:MM:SS.ffffff' in UTC."),
    FUTURE_TIME(
            WARNING,
            "A session's time is in the future",
            "More than a day ahead, so no clock that is a little off. It counts for nothing here: the session's clock"
                    + " starts at the first deploy, and it lives on. The old app takes it as it is.",
            "Look at the clock of the machine that wrote it."),
    UNREADABLE_TIME(
            WARNING,
            "A session's time cannot be read",
            "It counts for nothing here: the session's clock starts at the first deploy, and it lives on. SQLAlchemy"
                    + " fails on this row.",
            "Set it to the time of the sign-in, or to NULL."),
    RUN_OUT(
            WARNING,
            "A session has run out by the settings",
            "The old app knows no such limit and lets it in. Here it has not been used for longer than"
                    + " multisession.session.idle-timeout, or has lasted longer than multisession.session.max-lifetime,"
                    + " counted from the first deploy at the earliest. It is these limits that end it, not the deploy.",
            "Nothing, if the limits are meant. Otherwise raise them, or set them to none, before the deploy."),
    BROKEN_CONSTRAINT(
            WARNING,
            "Rows break a rule that their table declares",
            "SQLite checks such rules only when a row is written, so these rows are older than the rule. The deploy takes"
                    + " them as they are.",
            "Mend the rows when it suits you."),

    ENDED_TOKEN(
            NOTE,
            "A token that has been ended still stands in users.auth_token",
            "It was a session, or a legacy token, that was ended: signed out in either app, run out, evicted, its user"
                    + " replaced, or two users had it. Signed out means signed out: it opens nothing here, although the"
                    + " old app would still let it in.",
            "Nothing, while this product is deployed. Set users.auth_token to NULL before the old app runs alone again."),
    MOVED_SESSION(
            NOTE,
            "A session names another user than the one it was issued to",
            "A session opens one account only. Since its row was changed it opens none here.",
            "Nothing. The row may be deleted."),
    EMPTY_TOKEN(
            NOTE,
            "users.auth_token is an empty text",
            "It opens nothing, before or after: an empty cookie is nobody's, however many rows have it.",
            "Nothing. NULL would say the same more clearly."),
    BINARY_TOKEN(
            NOTE,
            "A token is a blob, or a number in a column without a type",
            "No text equals it, so no cookie opens it, before or after.",
            "Nothing. Set it to NULL if that is not what was meant."),
    UNSENDABLE_TOKEN(
            NOTE,
            "A token holds characters that no header carries",
            "A header's bytes are read as ISO 8859-1 by both apps, and this token has characters beyond (above U+00FF)."
                    + " It comes through percent-encoded only, as Express or PHP write cookies, and is then found, before"
                    + " and after. Python sends no such cookie: there nobody loses anything.",
            "Nothing. Set it to NULL if that is not what was meant."),
    QUOTED_TOKEN(
            NOTE,
            "A token travels in a cookie only in quotes or encoded",
            "It holds a space, a quote, a comma, a semicolon, a backslash or other characters that RFC 6265 does not"
                    + " allow. Python's http.cookies sends these in quotes and escaped, up to U+00FF, Express and PHP"
                    + " percent-encoded, and the old app and ours read that: such a device stays signed in. A client that sends the token bare may not get in, before"
                    + " or after.",
            "Nothing for browsers that the old app signed in. Try one client that builds the cookie by itself."),
    LONG_TOKEN(
            NOTE,
            "A token is longer than VARCHAR(128)",
            "SQLite keeps it whole, and it opens its account before and after. PostgreSQL would not take it.",
            "Nothing on SQLite. Before a move to PostgreSQL, set users.auth_token of these users to NULL."),
    MISSING_TIME(
            NOTE,
            "A session has no time",
            "Nobody knows when it was issued or last used, as of a token that was adopted; its clock starts when"
                    + " it was first seen here, and it lives on.",
            "Nothing."),
    USER_DELETION(
            NOTE,
            "An app that enforces foreign keys could not delete a user who has signed in here",
            "user_sessions refers to users, as in the old app's own form. With foreign_keys=ON (better-sqlite3 and"
                    + " node:sqlite have it by default, Python does not), DELETE FROM users fails while the user has a"
                    + " session.",
            "If the old app deletes users with foreign keys on, have it delete the user's rows of user_sessions first, or"
                    + " give users a trigger of your own that does: docs/migration.md has it."),
    TRIGGER(
            NOTE,
            "The tables have triggers of the team's own",
            "They go on working. One on updates of users.auth_token runs at every sign-in here too, while the stage"
                    + " mirrors (coexist); one on user_sessions runs for our rows as for the old app's. The deploy"
                    + " verifies that it changed no row of users, and undoes itself otherwise.",
            "Read what they do with a sign-in by this product in mind."),
    LOG_OF_ONE_ACCOUNT(
            WARNING,
            "A second account that shares the database may be shut out by SQLite's own files",
            "With write-ahead logging, whoever opens the database first makes its -wal and -shm files. If Tomcat and the"
                    + " old app run as different accounts, the second of them then fails (\"unable to open database"
                    + " file\"), perhaps only after the next reboot.",
            "Run both as one account, or let the folder pass its group on (chmod g+s), as docs/files.md shows.");

    /** A token that is adopted lives on, so a new sign-in alone does not cure a bad one. */
    private static final String NEW_TOKEN =
            "Set users.auth_token of these users to a new random value of 32 characters or"
                    + " more, or to NULL: their devices sign in again. A new sign-in alone does not cure it: the old token is kept"
                    + " as a session of the user's old devices, for up to multisession.session.max-lifetime, unless the user ends"
                    + " \"Older sign-ins\" on the page of devices.";

    private final Severity severity;
    private final String title;
    private final String meaning;
    private final String toDo;

    Fault(Severity severity, String title, String meaning, String toDo) {
        this.severity = severity;
        this.title = title;
        this.meaning = meaning;
        this.toDo = toDo;
    }

    /** Its name in reports; it does not change between versions. */
    public String code() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    public Severity severity() {
        return severity;
    }

    /** What it is. */
    public String title() {
        return title;
    }

    /** What it means for those users. */
    public String meaning() {
        return meaning;
    }

    public String toDo() {
        return toDo;
    }
}
