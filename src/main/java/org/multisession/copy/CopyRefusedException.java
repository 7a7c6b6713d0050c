package org.multisession.copy;

import org.multisession.db.DatabaseException;

/** The copy was not begun, or everything of it was taken back. The message says what to do. */
public final class CopyRefusedException extends DatabaseException {

    CopyRefusedException(String message) {
        super(message, null);
    }
}
