package org.multisession.db;

/** What a failed statement means, whatever error code the database uses. */
public enum FailureKind {
    /** Somebody else holds a lock; the same call may succeed a moment later. */
    BUSY,
    /** Other transactions were in the way; the whole transaction may succeed if it is run again at once. */
    CONFLICT,
    /** The connection is lost, or the server takes none now. */
    UNREACHABLE,
    /** A row breaks a rule of its table. */
    CONSTRAINT,
    /** The statement does not fit the schema, or a value does not fit its column. */
    STATEMENT,
    /** The account may not open or write the database. */
    ACCESS,
    /** The disk has no room left. */
    FULL,
    /** The disk could not be read or written. */
    DISK,
    /** The database itself is damaged. */
    DAMAGE,
    OTHER;

    /** Whether a connection is as good as before after such a failure. */
    boolean leavesConnectionIntact() {
        return this == BUSY || this == CONFLICT || this == CONSTRAINT;
    }

    /** Whether the same call may succeed a moment later. */
    boolean passes() {
        return this == BUSY || this == CONFLICT || this == UNREACHABLE;
    }

    /** Whether the disk, the permissions or the file itself are at fault, which somebody has to put right. */
    public boolean isOfTheStorage() {
        return this == FULL || this == DISK || this == ACCESS || this == DAMAGE;
    }

    /** Whether the disk is full or fails, whatever is written to it. */
    public boolean isOfTheDisk() {
        return this == FULL || this == DISK;
    }

    /** Whether the schema or a row is at fault, and not the state of the disk or of a lock. */
    public boolean isOfTheStatement() {
        return this == CONSTRAINT || this == STATEMENT;
    }
}
