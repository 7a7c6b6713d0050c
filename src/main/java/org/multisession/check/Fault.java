package org.multisession.check;

import static org.multisession.check.Severity.NOTE;
import static org.multisession.check.Severity.NOT_SAFE;
import static org.multisession.check.Severity.WARNING;

import java.util.Locale;

/**
 * Every kind of fault that the check finds, in the order of a report: what it is, what it means for the affected users,
 * and what to do. "Before" is what the old app does, "after" what this product does once deployed.
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
            "The deploy creates objects that this SQLite does not know. It refuses to open a file that has them"
                    + " (\"malformed database schema\"), so the old app would stop working.",
            "Have the old app use a newer SQLite and write once with it, then check again. If another program"
                    + " with an old SQLite wrote last, make sure that it does not need the file."),
    SHARED_TOKEN(
            NOT_SAFE,
            "Several users have the same legacy token",
            "Before, every device with this token opens the account of the first of them, whoever holds it."
                    + " After, it opens no account, because nobody can tell whose device it is: all of these users are"
                    + " signed out.",
            "Find out how they came by one token. Keep it for the user it belongs to, and set users.auth_token"
                    + " of the others to NULL: they have to sign in again either way. If it clearly belongs to none of"
                    + " them, set it to NULL in all rows, and tell these users."),
    TOKEN_SPELLS_ANOTHER(
            NOT_SAFE,
            "A token can be read as another user's token",
            "A cookie's value is read as it is, without quotes, and percent-decoded, because libraries write"
                    + " tokens in different ways. Read in one of these ways, this token is another user's token. The two"
                    + " users' cookies cannot be told apart, so neither opens an account.",
            "Give one of the two users a new token. Random tokens do not collide like this."),
    OTHER_ACCOUNT(
            NOT_SAFE,
            "A token opens another account after the deploy than before",
            "Before, it finds the user's own row; after, it finds somebody else's session first.",
            "Delete the session, or set users.auth_token of the user to NULL; the user signs in again."),
    ORPHAN_OVER_LEGACY(
            NOT_SAFE,
            "A session of a deleted user holds the legacy token of another user",
            "After, the token belongs to that session, which has ended, and opens nothing. Before, an old app"
                    + " that falls back to users.auth_token when the session has no user lets this user in. So the user is"
                    + " signed out.",
            "Delete that row of user_sessions; then the token is this user's alone."),
    LEGACY_REFUSED(
            NOT_SAFE,
            "Legacy tokens that the stage refuses",
            "Before, users.auth_token lets these users' devices in. In this stage it is no longer accepted:"
                    + " they are signed out.",
            "Stay in an earlier stage (multisession.stage) until these users have signed in again."),
    HASH_SHAPED_TOKEN(
            NOT_SAFE,
            "A token has the shape of a stored hash (sha256:…)",
            "Before, the old app compares it like any other text. After, nothing of this shape is accepted as a"
                    + " token, so that a leaked table opens no account: whoever holds it is signed out.",
            "Set users.auth_token of these users to another random value or to NULL: they sign in again either"
                    + " way."),
    NUMBER_TOKEN(
            NOT_SAFE,
            "A token is stored as a number, because its column is declared as one",
            "SQLite has dropped leading zeros and rounded long numbers, so a device may hold another text than"
                    + " the row. Before, any text of the same number is accepted. After, only the text that the row shows"
                    + " today is: other devices are signed out.",
            "Declare the column as VARCHAR(128), and set users.auth_token of these users to NULL: they sign in"
                    + " again."),
    TOKEN_TOO_LONG_FOR_A_HEADER(
            NOT_SAFE,
            "A token is too long for Tomcat",
            "Tomcat refuses a request with headers over 8 KiB before any application sees it. No browser keeps"
                    + " such a cookie (the limit is 4 KiB), but a program may, and Python's servers accept it: that"
                    + " program is signed out.",
            "Set maxHttpHeaderSize of Tomcat's Connector to more than the token needs, or give the user a new"
                    + " token."),
    UNWITNESSED(
            NOT_SAFE,
            "A token was added or changed while a rebuilt table had no triggers",
            "Somebody has rebuilt a table. Until its triggers are back, nobody records whether a session was"
                    + " signed out, or who got somebody else's id. What cannot be told afterwards is ended: these users"
                    + " are signed out here.",
            "Nothing helps afterwards. Deploy; these users sign in again. Keep Multi-Session deployed while a"
                    + " table is rebuilt: then the triggers are back within seconds."),
    LEFT_OUT(
            NOT_SAFE,
            "A token opens an account before and none after",
            "The user's devices that hold it are signed out.",
            "Set users.auth_token to a new random value; the user signs in again."),

    STRAY_REFERENCE(
            WARNING,
            "A foreign key of user_sessions refers to another table than users",
            "Somebody has rebuilt users by renaming the old table first, and SQLite took the foreign key along."
                    + " Nobody can sign in or out until it refers to users again. Nobody is signed out by it.",
            "Nothing: a deploy corrects it, and a running application corrects it within seconds."),
    OPEN_OLD_SIGN_IN(
            WARNING,
            "Codes prove nothing while the old app signs in by the number alone",
            "Whoever signs in to the old app gets a token that is accepted here too, like every token of the"
                    + " old app. If its sign-in asks for a number and no code, knowing somebody's number is enough,"
                    + " whatever multisession.login.verification says.",
            "Unless the old app's sign-in asks for a code as well, have the proxy send its path to this"
                    + " sign-in: docs/proxy.md has the lines for nginx and Caddy."),
    SIGN_IN_OF_SOME(
            WARNING,
            "Some users cannot sign in",
            "A sign-in was tried on a copy with a few users, and a constraint or a trigger refused it for these"
                    + " but not for others. They stay signed in, but cannot sign in on another device.",
            "Check whether the constraint or the trigger is meant to do that."),
    OTHER_STAGE(
            WARNING,
            "Another stage would not work with this schema",
            "The stage that was checked works. A deploy in the other stage would be refused, with the reason"
                    + " above, and nothing would be changed.",
            "Nothing now. Change the constraint or the trigger before you move on to that stage."),
    NOT_TRIED(
            WARNING,
            "Something may refuse a sign-in that only a try can tell",
            "On a server, the check reads and writes nothing, so it tries no sign-in. These rules of your own may"
                    + " refuse one, or change it. A deploy tries a sign-in, its use and a sign-out, undoes them, and is"
                    + " refused with the reason if one does not work; nobody is signed out then, and the old app goes on.",
            "Read them with a sign-in by this product in mind, or deploy on a copy of the database first"
                    + " (pg_dump, or CREATE DATABASE … TEMPLATE)."),
    TOKEN_OF_ANOTHER(
            WARNING,
            "A legacy token is a session of another user",
            "Both apps look for a session first, so before and after, this token opens the account of the"
                    + " session's user, not of the user whose row holds it. The deploy changes nothing for either. An old"
                    + " app that looks only at users.auth_token would open the other account.",
            "Find out whose device holds it. Set users.auth_token of the other user to NULL, or delete the"
                    + " session."),
    SHORT_TOKEN(
            WARNING,
            "A token is shorter than 16 characters",
            "It is a token like any other, before and after: nobody is signed out because of it. But it can be"
                    + " guessed.",
            Fault.NEW_TOKEN),
    DIGITS_ONLY_TOKEN(
            WARNING,
            "A token consists of a few digits only",
            "It is a token like any other, before and after. But a token of digits is easy to guess, and may be"
                    + " a number that others know.",
            Fault.NEW_TOKEN),
    COLLIDING_NUMBER(
            WARNING,
            "Several users have the same phone number, however it is written",
            "Their devices stay signed in. A new sign-in with this number is refused for all of them, because"
                    + " nobody can tell whose it is.",
            "Find out whose number it is, and change or clear users.phone of the others."),
    NO_NUMBER(
            WARNING,
            "users.phone does not hold a phone number",
            "The user's devices stay signed in. A new sign-in with a code is not possible, because there is no"
                    + " number to send it to. With multisession.login.verification=none, exactly the text in the row signs"
                    + " in.",
            "Enter the number; any usual way of writing it will do."),
    TEXT_FOR_A_NUMBER(
            WARNING,
            "users.phone holds a number that today's numbering plan does not have",
            "The user's devices stay signed in. A new sign-in finds the user only by exactly the text in the"
                    + " row, and a code goes to that number as it is.",
            "Enter the number as it is dialed today."),
    MISSING_NUMBER(
            WARNING,
            "users.phone is NULL or empty",
            "The user's devices stay signed in. A new sign-in is not possible.",
            "Enter the number, if the user should be able to sign in again."),
    ORPHAN_SESSION(
            WARNING,
            "A session belongs to no user",
            "It opens nothing, before or after. Before, it would open the account of a new user who is given"
                    + " the same id, because SQLite reuses ids. The deploy ends it for good, so it never does.",
            "Nothing. You may delete the row."),
    INTEGER_TIME(
            WARNING,
            "A session's time is a number",
            "Here it is read as milliseconds since 1970, and the session lives on. SQLAlchemy cannot read it:"
                    + " the old app's whole query fails when it meets this row.",
            "Write it as 'YYYY-MM-DD HH:MM:SS.ffffff' in UTC: datetime(created_at / 1000, 'unixepoch')."),
    ISO_TIME(
            WARNING,
            "A session's time is written with T, Z or an offset",
            "Here it is read, and the session lives on. SQLAlchemy expects 'YYYY-MM-DD HH:MM:SS.ffffff' and may"
                    + " fail on this row.",
            "Write it as 'YYYY-MM-DD HH:MM:SS.ffffff' in UTC."),
    FUTURE_TIME(
            WARNING,
            "A session's time is in the future",
            "It is more than a day ahead, so this is not a clock that is slightly off. It is ignored here: the"
                    + " session's clock starts at the first deploy, and the session lives on. The old app takes the time"
                    + " as it is.",
            "Check the clock of the machine that wrote it."),
    UNREADABLE_TIME(
            WARNING,
            "A session's time cannot be read",
            "It is ignored here: the session's clock starts at the first deploy, and the session lives on."
                    + " SQLAlchemy fails on this row.",
            "Set it to the time of the sign-in, or to NULL."),
    RUN_OUT(
            WARNING,
            "A session has expired under these settings",
            "The old app has no such limit and lets it in. Here it has not been used for longer than"
                    + " multisession.session.idle-timeout, or has lasted longer than multisession.session.max-lifetime,"
                    + " counted from the first deploy at the earliest. These limits end it, not the deploy.",
            "Nothing, if you want these limits. Otherwise raise them, or set them to none, before the deploy."),
    BROKEN_CONSTRAINT(
            WARNING,
            "Rows break a rule that their table declares",
            "SQLite checks such rules only when a row is written, so these rows are older than the rule. The"
                    + " deploy takes them as they are.",
            "Correct the rows when it suits you."),

    ENDED_TOKEN(
            NOTE,
            "users.auth_token still holds a token that has ended",
            "It was a session or a legacy token, and it ended: it was signed out in either app, expired or was"
                    + " evicted, its user was replaced, or two users had it. Signed out means signed out: it opens nothing"
                    + " here, although the old app would still let it in.",
            "Nothing, while this product is deployed. Set users.auth_token to NULL before the old app runs"
                    + " alone again."),
    MOVED_SESSION(
            NOTE,
            "A session names another user than the one it was issued to",
            "A session opens one account only. Since its row was changed, it opens none here.",
            "Nothing. You may delete the row."),
    EMPTY_TOKEN(
            NOTE,
            "users.auth_token is an empty text",
            "It opens nothing, before or after: an empty cookie belongs to nobody, however many rows have one.",
            "Nothing. NULL would say the same more clearly."),
    BINARY_TOKEN(
            NOTE,
            "A token is a blob, or a number in a column without a type",
            "No text equals it, so no cookie opens it, before or after.",
            "Nothing. Set it to NULL if that is not what you meant."),
    UNSENDABLE_TOKEN(
            NOTE,
            "A token holds characters that no header can carry",
            "Both apps read the bytes of a header as ISO 8859-1, and this token has characters beyond that"
                    + " (above U+00FF). It arrives only percent-encoded, as Express or PHP write cookies, and is then"
                    + " found, before and after. Python sends no such cookie, so nobody loses anything there.",
            "Nothing. Set it to NULL if that is not what you meant."),
    QUOTED_TOKEN(
            NOTE,
            "A token fits into a cookie only with quotes or encoding",
            "It holds a space, a quote, a comma, a semicolon, a backslash or other characters that RFC 6265"
                    + " does not allow. Python's http.cookies quotes and escapes these, up to U+00FF; Express and PHP"
                    + " percent-encode them. The old app and ours read that, so such a device stays signed in. A client"
                    + " that sends the token bare may not get in, before or after.",
            "Nothing for browsers that the old app signed in. Try one client that builds the cookie by itself."),
    LONG_TOKEN(
            NOTE,
            "A token is longer than VARCHAR(128)",
            "SQLite keeps all of it, and it opens its account before and after. PostgreSQL would not accept it.",
            "Nothing on SQLite. Before a move to PostgreSQL, set users.auth_token of these users to NULL."),
    MISSING_TIME(
            NOTE,
            "A session has no time",
            "Nobody knows when it was issued or last used, as with an adopted token. Its clock starts when it"
                    + " is first seen here, and it lives on.",
            "Nothing."),
    USER_DELETION(
            NOTE,
            "An app that enforces foreign keys could not delete a user who has signed in here",
            "user_sessions refers to users, as in the old app's own form. On SQLite with foreign_keys=ON (the default"
                    + " of better-sqlite3 and node:sqlite, but not of Python), and on PostgreSQL where this foreign key"
                    + " lacks ON DELETE CASCADE, DELETE FROM users fails while the user has a session.",
            "If the old app deletes users there, have it delete the user's rows of user_sessions"
                    + " first, or give users a trigger that does: docs/migration.md shows one."),
    TRIGGER(
            NOTE,
            "The tables have triggers of your own",
            "They keep working. One on updates of users.auth_token also runs at every sign-in here, in stage"
                    + " coexist; one on user_sessions runs for our rows as for the old app's. The deploy verifies that"
                    + " they changed no row of users, and is rolled back otherwise.",
            "Read them with a sign-in by this product in mind."),
    LOG_OF_ONE_ACCOUNT(
            WARNING,
            "SQLite's own files may shut out the second account that shares the database",
            "With write-ahead logging, whoever opens the database first creates its -wal and -shm files. If"
                    + " Tomcat and the old app run as different accounts, the second one then fails (\"unable to open"
                    + " database file\"), perhaps only after the next reboot.",
            "Run both as one account, or let the folder pass on its group (chmod g+s), as docs/files.md shows.");

    /** A token that is adopted lives on, so a new sign-in alone does not replace a bad one. */
    private static final String NEW_TOKEN =
            "Set users.auth_token of these users to a new random value of 32 characters or more, or to NULL:"
                    + " their devices sign in again. A new sign-in alone does not help: the old token lives on as a"
                    + " session of the user's old devices, for up to multisession.session.max-lifetime, unless the user"
                    + " ends \"Older sign-ins\" on the page of devices.";

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

    /** What it means for the affected users. */
    public String meaning() {
        return meaning;
    }

    public String toDo() {
        return toDo;
    }
}
