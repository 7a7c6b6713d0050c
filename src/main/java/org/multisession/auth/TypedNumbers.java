package org.multisession.auth;

import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.user.UserDao;

/**
 * Reads what somebody types as their phone number. A text that means no number is malformed, unless texts like it stand
 * in {@code users.phone}. Then it is looked up as it is, whether it stands there or not, so that nobody learns which.
 */
public final class TypedNumbers {

    private final Database database;
    private final UserDao users;
    private final PhoneNumbers phoneNumbers;

    public TypedNumbers(Database database, UserDao users, PhoneNumbers phoneNumbers) {
        this.database = database;
        this.users = users;
        this.phoneNumbers = phoneNumbers;
    }

    /** The number, or null if the text is malformed. */
    public @Nullable PhoneNumber read(@Nullable String typed) {
        PhoneNumber number = phoneNumbers.read(typed);
        if (number == null || number.isPossible()) {
            return number;
        }
        return database.<Boolean>read(handle -> users.hasTextLike(handle, number)) ? number : null;
    }
}
