package org.multisession.cli;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.multisession.auth.Revocation;
import org.multisession.auth.Revocation.Target;
import org.multisession.config.SetupRefusedException;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.token.SessionId;
import org.multisession.user.User;
import org.multisession.user.UserDao;

/** Ends sign-ins of a user, a session, or everybody, beside a running application. */
final class RevokeCommand implements Command {

    private static final String USER = "user";
    private static final String NUMBER = "number";
    private static final String SESSION = "session";
    private static final String EVERYONE = "everyone";
    private static final String OLDER_THAN = "older-than";
    private static final String DRY_RUN = "dry-run";
    private static final String YES = "yes";

    @Override
    public String name() {
        return "revoke";
    }

    @Override
    public String summary() {
        return "sign a user out everywhere, end one session, or everybody's";
    }

    @Override
    public String explanation() {
        return """
                Ends sign-ins while Multi-Session runs: each is refused at its next request, on
                every node, and the audit trail has a line for it. Works in small transactions;
                nobody waits for it. If it is interrupted, run it again.

                --user and --number also end the token that the user's older devices share, and
                --everyone ends all of these. --older-than looks at when a session began and
                leaves those tokens alone: nobody knows how old they are.

                The table users is not changed. An old app that still runs beside this one goes
                on accepting what stands in users.auth_token; clear that column there as well.""";
    }

    @Override
    public List<Option> options() {
        return List.of(
                new Option(USER, "ID", "the user with this id"),
                new Option(NUMBER, "+7...", "the user with this telephone number"),
                new Option(SESSION, "ID", "one session, by the id that GET /api/sessions shows"),
                new Option(EVERYONE, "", "all users; asks first, unless --yes is given"),
                new Option(OLDER_THAN, "P30D", "sessions that began longer ago than this"),
                new Option(DRY_RUN, "", "only count"),
                new Option(YES, "", "do it without asking"));
    }

    @Override
    public int run(Call call) {
        String chosen = chosen(call);
        Duration age = chosen.equals(OLDER_THAN) ? age(call) : Duration.ZERO;
        long id = chosen.equals(USER) ? Operators.userId(Objects.requireNonNull(call.value(USER))) : 0;
        String session = chosen.equals(SESSION) ? session(call) : "";
        PhoneNumbers numbers = new PhoneNumbers(call.settings().phoneRegion());
        PhoneNumber number = chosen.equals(NUMBER) ? number(call, numbers) : null;
        try (DatabaseSession open = DatabaseSession.open(call)) {
            Database database = open.database();
            open.requireMigrated();
            UserDao users = Operators.users(database, numbers);
            Target target = switch (chosen) {
                case USER -> new Target.OneUser(existing(database, users, id));
                case NUMBER -> new Target.OneUser(owner(database, users, Objects.requireNonNull(number)));
                case SESSION -> new Target.OneSession(session);
                case OLDER_THAN -> new Target.OlderThan(age);
                case EVERYONE -> new Target.Everyone();
                default -> throw new IllegalStateException(chosen);
            };
            Revocation revocation =
                    Operators.revocation(database, Operators.sessions(database, call.settings()), users, call);
            if (call.has(DRY_RUN)) {
                call.say("Would end " + text(revocation.count(target)) + ". Nothing was changed.");
                return DONE;
            }
            if (chosen.equals(EVERYONE) && !call.has(YES)) {
                call.say("This signs everybody out: " + text(revocation.count(target)) + ".");
                if (call.terminal().ask() == null) {
                    // A script would take a 0 for a sign-out of everybody.
                    call.say("Nothing was changed. To do it, add --yes.");
                    return COULD_NOT_RUN;
                }
                if (!call.terminal().isConfirmed("End all of them? Type yes to go on: ")) {
                    call.say("Nothing was changed.");
                    return DONE;
                }
            }
            return revoke(call, revocation, target);
        }
    }

    private static int revoke(Call call, Revocation revocation, Target target) {
        try {
            call.say("Ended " + text(revocation.revoke(target)) + ".");
            return DONE;
        } catch (DatabaseException e) {
            String what = e.kind().isOfTheStatement()
                    ? "revoke has ended all but what the database refused: " + e.getMessage() + "."
                    : "revoke has stopped: " + e.getMessage()
                            + ". What it had ended stays ended; run it again to go on.";
            call.terminal().err().println("multi-session: " + what);
            return COULD_NOT_RUN;
        }
    }

    private static String chosen(Call call) {
        List<String> chosen = new ArrayList<>();
        for (String each : List.of(USER, NUMBER, SESSION, EVERYONE, OLDER_THAN)) {
            if (call.has(each)) {
                chosen.add(each);
            }
        }
        if (chosen.size() != 1) {
            throw refused("say whose sign-ins to end by exactly one of --user, --number, --session, --older-than and"
                    + " --everyone");
        }
        return chosen.get(0);
    }

    private static String session(Call call) {
        String id = Objects.requireNonNull(call.value(SESSION));
        if (!SessionId.isWellFormed(id)) {
            throw refused("--session needs the id of a session, 22 characters, as GET /api/sessions shows it");
        }
        return id;
    }

    private static Duration age(Call call) {
        try {
            Duration age = Duration.parse(Objects.requireNonNull(call.value(OLDER_THAN)));
            if (!age.isNegative() && !age.isZero()) {
                return age;
            }
        } catch (DateTimeParseException e) {
            // Told below.
        }
        throw refused("--older-than needs an ISO 8601 duration in days, hours, minutes and seconds, as P30D or PT12H");
    }

    private static PhoneNumber number(Call call, PhoneNumbers numbers) {
        PhoneNumber number = numbers.parse(Objects.requireNonNull(call.value(NUMBER)));
        if (number == null) {
            throw refused("--number needs a telephone number, as +79991234567");
        }
        return number;
    }

    private static long existing(Database database, UserDao users, long id) {
        if (database.find(handle -> users.find(handle, id)) == null) {
            throw refused("no user has the id " + id);
        }
        return id;
    }

    private static long owner(Database database, UserDao users, PhoneNumber number) {
        List<User> owners = database.read(handle -> users.findByPhone(handle, number));
        if (owners.isEmpty()) {
            throw refused("no user has this number");
        }
        if (owners.size() > 1) {
            throw refused("more than one user has this number; choose with --user: "
                    + String.join(
                            ", ",
                            owners.stream()
                                    .map(user -> String.valueOf(user.id()))
                                    .toList()));
        }
        return owners.get(0).id();
    }

    private static SetupRefusedException refused(String fault) {
        return new SetupRefusedException(List.of(fault));
    }

    private static String text(Revocation.Outcome outcome) {
        return Plurals.counted(outcome.sessions(), "session") + " and "
                + Plurals.counted(outcome.legacyTokens(), "legacy token") + " of "
                + Plurals.counted(outcome.users(), "user");
    }
}
