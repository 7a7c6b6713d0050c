package org.multisession.db;

/** What a failed statement means, whatever error code the database uses. */
public enum FailureKind {
    /** Somebody else holds a lock; the same call may succeed a moment later. */
    BUSY,
    /** A row breaks a rule of its table. */
    CONSTRAINT,
    /** The statement does not fit the schema, or a value does not fit its column. */
    STATEMENT,
    /** The account may not open or write the database. */
    ACCESS,
    /** The disk could not be read or written. */
    DISK,
    /** The database itself is damaged. */
    DAMAGE,
    OTHER;

    /** Whether the schema or a row is at fault, and not the state of the disk or of a lock. */
    public boolean isOfTheStatement() {
        return this == CONSTRAINT || this == STATEMENT;
    }
}
