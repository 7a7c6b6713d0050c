/**
 * Random histories of both apps on one database, on SQLite and on PostgreSQL. After every step each token that ever was
 * must open the account that is promised, or none.
 *
 * <ul>
 *   <li>Which acts there are: {@code Step} names them, {@code History.perform} leads to each. They are in classes by theme,
 *       {@code SignInActs}, {@code EndingActs}, {@code HousekeepingActs}, {@code OldSessionActs}, {@code OldUserActs}, {@code
 *       RebuildActs}, {@code CopyActs} and {@code DeployActs}. What they act upon is the {@code World}, and of our app the
 *       {@code Nodes}.
 *   <li>What is promised: {@code Promises}, the model, with {@code PromisedSession}, {@code PromisedCode} and {@code
 *       PromisedClock}. {@code Checks} compares it with our app, and with another program that asks the database itself.
 *   <li>What each kind of database does in its own way: {@code DatabaseKind}, {@code SqliteKind} and {@code PostgresKind}.
 *   <li>How many are played, and what is printed: {@code HistoriesContract}. docs/soak.md holds what was run.
 * </ul>
 *
 * <p>For a new act: a step, its line in {@code History.perform}, and a method that does it, tells the story, and tells the
 * promises what has become of them.
 */
@NullMarked
package org.multisession.histories;

import org.jspecify.annotations.NullMarked;
