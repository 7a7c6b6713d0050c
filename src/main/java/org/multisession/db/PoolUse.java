package org.multisession.db;

/**
 * How much of a pool is in use at a moment.
 *
 * @param waiting how many threads wait for a connection
 */
public record PoolUse(int active, int idle, int waiting) {}
