package org.multisession.db;

/** A value that stands in a column as text, but has a type of its own in the program, as a token has. */
public interface ColumnValue {

    /** The text to store or to compare with. It may be a secret: it goes into a statement and nowhere else. */
    String columnText();
}
