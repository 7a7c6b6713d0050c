package org.multisession.cli;

import java.util.List;
import java.util.Optional;
import org.multisession.auth.AuthEventDao;
import org.multisession.auth.PersonalData;
import org.multisession.auth.Sessions;
import org.multisession.config.SetupRefusedException;
import org.multisession.db.Database;
import org.multisession.phone.PhoneNumbers;
import org.multisession.user.User;
import org.multisession.user.UserDao;

/** Works on what is kept of one user, who is named by {@code --user}. */
abstract class PersonalDataCommand implements Command {

    static final String USER = "user";

    /** Does it. */
    abstract int run(Call call, PersonalData data, User user);

    @Override
    public final int run(Call call) {
        long id = id(call);
        try (DatabaseSession open = DatabaseSession.open(call)) {
            Database database = open.database();
            open.requireMigrated();
            PhoneNumbers numbers = new PhoneNumbers(call.settings().phoneRegion());
            UserDao users = Operators.users(database, numbers);
            Optional<User> found = Optional.ofNullable(database.find(handle -> users.find(handle, id)));
            Sessions sessions = Operators.sessions(database, call.settings());
            PersonalData data = new PersonalData(
                    database,
                    sessions,
                    Operators.revocation(database, sessions, users, call),
                    new AuthEventDao(),
                    numbers,
                    call.terminal().clock());
            if (found.isEmpty()) {
                call.terminal()
                        .err()
                        .println("multi-session: no user has the id " + id
                                + " now; of one who is gone, something may be left");
            }
            return run(call, data, found.orElse(new User(id, null, null)));
        }
    }

    private static long id(Call call) {
        String id = call.value(USER);
        if (id == null) {
            throw new SetupRefusedException(List.of("say which user by --user=ID"));
        }
        return Operators.userId(id);
    }
}
