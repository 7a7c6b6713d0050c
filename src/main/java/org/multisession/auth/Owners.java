package org.multisession.auth;

import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.multisession.auth.LoginRules.Registration;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;
import org.multisession.phone.PhoneNumber;
import org.multisession.session.Client;
import org.multisession.user.User;
import org.multisession.user.UserDao;

/** Whose a phone number is, or may become. */
public final class Owners {

    private final Database database;
    private final UserDao users;
    private final SharedNumbers sharedNumbers;
    private final LoginRules login;

    public Owners(Database database, UserDao users, SharedNumbers sharedNumbers, LoginRules login) {
        this.database = database;
        this.users = users;
        this.sharedNumbers = sharedNumbers;
        this.login = login;
    }

    /** The users with this number. Nobody is unknown because somebody is rebuilding the table just now. */
    List<User> of(PhoneNumber number) {
        List<User> found = database.find(handle -> {
            long schemaState = handle.schemaState();
            List<User> owners = of(handle, number);
            return owners.isEmpty() && !database.hasSeenSchema(handle, schemaState) ? null : owners;
        });
        if (found != null) {
            return found;
        }
        // Also where another request has repaired the schema after this look.
        database.lookAfterSchema();
        return database.read(handle -> of(handle, number));
    }

    /** The same as part of a transaction. */
    List<User> of(Handle handle, PhoneNumber number) {
        return users.findByPhone(handle, number);
    }

    /** Whether this number, which no user has, may become a new user's. */
    boolean mayRegister(PhoneNumber number) {
        return login.registration() == Registration.OPEN && number.isValid();
    }

    /** Makes the number, which no user has, a new user's. */
    User register(Transaction transaction, PhoneNumber number, Instant now) throws SQLException {
        return users.insert(transaction, number, now);
    }

    /** Tells operators that these users share one number, so nobody can sign in with it. */
    void tellOfSharedNumber(List<User> owners, Client client) {
        sharedNumbers.met(owners, client);
    }
}
