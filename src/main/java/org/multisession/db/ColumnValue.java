package org.multisession.db;

/** A value that is text in its column but has its own type in the program, such as a token. */
public interface ColumnValue {

    /** Returns the text to store or to compare with. It may be a secret: pass it to a statement and nowhere else. */
    String columnText();
}
