package org.multisession.cli;

import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import org.multisession.auth.AuthEventDao;
import org.multisession.auth.Revocation;
import org.multisession.auth.Sessions;
import org.multisession.config.Settings;
import org.multisession.config.SetupRefusedException;
import org.multisession.db.Database;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.RestingThrottle;
import org.multisession.session.Stage;
import org.multisession.session.StateDao;
import org.multisession.session.UserSessionDao;
import org.multisession.user.UserColumns;
import org.multisession.user.UserDao;

/** The services that operators' commands use on a migrated database, beside the application or without it. */
final class Operators {

    /** Nothing else of a user is looked at here. */
    private static final UserColumns NO_OTHER_COLUMNS = new UserColumns(false, false);

    private Operators() {}

    /** The id that {@code --user} names. */
    static long userId(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new SetupRefusedException(List.of("--user needs the id of a user, a whole number"));
        }
    }

    /** To be called first: the other statements use the words that the database learns here. */
    static UserDao users(Database database, PhoneNumbers numbers) {
        database.learn(NO_OTHER_COLUMNS.words());
        return new UserDao(NO_OTHER_COLUMNS, numbers);
    }

    /** With the stage of the running application, whatever the settings of this shell say. */
    static Sessions sessions(Database database, Settings settings) {
        Stage stage = Objects.requireNonNullElse(database.find(new StateDao()::stage), settings.stage());
        return new Sessions(
                new UserSessionDao(stage), new AuthEventDao(), settings.rules().session(), new SecureRandom());
    }

    static Revocation revocation(Database database, Sessions sessions, UserDao users, Call call) {
        return new Revocation(
                database,
                sessions,
                users,
                new RestingThrottle(),
                call.terminal().clock());
    }
}
