package org.multisession.check;

import java.util.List;

/**
 * One kind of fault and everywhere that it is.
 *
 * @param count how many there are
 * @param rows the first of them
 */
public record Finding(Fault fault, long count, List<Row> rows) {}
