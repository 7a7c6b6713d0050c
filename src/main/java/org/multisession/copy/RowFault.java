package org.multisession.copy;

/**
 * One row that the target cannot take as it is. Holds no value but ids.
 *
 * @param row which row, as "id 7"
 * @param column empty if it is the row as a whole
 * @param why what is wrong, as "is text, not a whole number"
 * @param remedy what to do about it
 */
public record RowFault(String table, String row, String column, String why, String remedy) {}
