package org.multisession.otp;

import java.time.Duration;
import java.time.Instant;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;

/** The {@code multisession_known_browsers} table: who has used a code of a number before, and may be its owner. */
public final class KnownBrowserDao {

    /** How long it is remembered after the last use; the browser keeps its secret just as long. */
    public static final Duration KEPT = Duration.ofDays(180);

    private static final int MAX_PER_NUMBER = 10;

    private static final Sql IS_KNOWN = Sql.of("whether a browser or network has used a code of a number", """
            SELECT EXISTS (SELECT 1 FROM multisession_known_browsers
                WHERE number = :number AND browser_hash = :browser AND used_at > :after AND used_at <= :until)
                AS is_browser,
              EXISTS (SELECT 1 FROM multisession_known_browsers
                WHERE number = :number AND network = :network AND used_at > :after AND used_at <= :until)
                AS is_network
            """);

    private static final Sql USED = Sql.of("remember who has used a code", """
            INSERT INTO multisession_known_browsers (number, browser_hash, network, used_at)
            VALUES (:number, :browser, :network, :now)
            ON CONFLICT (number, browser_hash) DO UPDATE SET network = excluded.network, used_at = excluded.used_at
            """);

    /** What a clock that was ahead has left counts as the oldest. */
    private static final Sql DELETE_SURPLUS = Sql.of("forget the surplus of known browsers", """
            DELETE FROM multisession_known_browsers WHERE number = :number AND browser_hash NOT IN
              (SELECT browser_hash FROM multisession_known_browsers WHERE number = :number
               ORDER BY used_at > :latest, used_at DESC LIMIT :most)
            """);

    private static final Sql DELETE_OLD = Sql.of("forget old known browsers", """
            DELETE FROM multisession_known_browsers WHERE (number, browser_hash) IN
              (SELECT number, browser_hash FROM multisession_known_browsers WHERE used_at < :moment
               ORDER BY used_at LIMIT :most)
            """);

    private static final Sql DELETE_AHEAD = Sql.of("forget known browsers that lie ahead", """
            DELETE FROM multisession_known_browsers WHERE (number, browser_hash) IN
              (SELECT number, browser_hash FROM multisession_known_browsers WHERE used_at > :moment LIMIT :most)
            """);

    /** Who requests a code, as far as limits are concerned. */
    enum Asker {
        /** A browser that has used a code of this number. */
        KNOWN_BROWSER,
        /** Another browser, on a network where such a browser was last seen. */
        KNOWN_NETWORK,
        STRANGER
    }

    Asker asker(Handle handle, String number, String browserHash, String network, Instant now) {
        return handle.query(IS_KNOWN)
                .bind("number", number)
                .bind("browser", browserHash)
                .bind("network", network)
                .bind("after", now.minus(KEPT))
                .bind("until", SqlTime.latestOf(now))
                .one(row -> row.flag("is_browser")
                        ? Asker.KNOWN_BROWSER
                        : row.flag("is_network") ? Asker.KNOWN_NETWORK : Asker.STRANGER);
    }

    /** Remembers that this browser has used a code of this number. */
    void used(Transaction transaction, String number, String browserHash, String network, Instant now) {
        transaction
                .update(USED)
                .bind("number", number)
                .bind("browser", browserHash)
                .bind("network", network)
                .bind("now", now)
                .run();
        transaction
                .update(DELETE_SURPLUS)
                .bind("number", number)
                .bind("latest", SqlTime.latestOf(now))
                .bind("most", MAX_PER_NUMBER)
                .run();
    }

    /** Forgets some that were last used before this moment; returns how many. */
    public int deleteOld(Transaction transaction, Instant before, int most) {
        return delete(transaction, DELETE_OLD, before, most);
    }

    /** Forgets some of those that a clock which was ahead has left after this moment; they count as unknown anyway. */
    public int deleteAhead(Transaction transaction, Instant after, int most) {
        return delete(transaction, DELETE_AHEAD, after, most);
    }

    private static int delete(Transaction transaction, Sql sql, Instant moment, int most) {
        return transaction.update(sql).bind("moment", moment).bind("most", most).run();
    }
}
