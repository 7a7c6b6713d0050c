package org.multisession.otp;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.SqlTime;
import org.multisession.db.Statement;
import org.multisession.db.Transaction;

/**
 * What the limits count: {@code multisession_code_requests} has those that a code was sent for, as many as the budgets
 * allow; {@code multisession_stranger_requests} the others, the latest {@value #MAX_STRANGERS} of them.
 *
 * <p>Every question is about a stretch of time and sees nothing outside it, so a time that lies ahead of now, which a
 * clock that was wrong has left, counts as none.
 */
public final class CodeRequestDao {

    /** This many take about ten megabytes. */
    static final int MAX_STRANGERS = 20_000;

    private static final String NTH_LATEST = " ORDER BY requested_at DESC LIMIT 1 OFFSET :skipped";

    private static final Sql OF_NUMBER = ofBoth("requests for a number", "number = :number", "number = :number");

    private static final Sql UNUSED_OF_NUMBER =
            ofBoth("requests for a number that were not used", "number = :number AND used = 0", "number = :number");

    private static final Sql UNUSED_OF_NUMBER_FROM_NETWORK = ofBoth(
            "requests for a number from a network that were not used",
            "number = :number AND used = 0 AND network = :network",
            "number = :number AND network = :network");

    /** Requests of those who have used a code before are counted separately. */
    private static final Sql OF_NUMBER_BY_STRANGERS =
            ofBoth("requests for a number by strangers", """
            number = :number
            AND NOT EXISTS (SELECT 1 FROM multisession_known_browsers k
              WHERE k.number = r.number AND (k.browser_hash = r.challenge_hash OR k.network = r.network))""", "number = :number");

    private static final Sql OF_NUMBER_BY_BROWSER =
            withCode("requests for a number by a browser", "number = :number AND challenge_hash = :browser");

    private static final Sql UNUSED_OF_NUMBER_BY_BROWSER = withCode(
            "requests for a number by a browser that were not used",
            "number = :number AND used = 0 AND challenge_hash = :browser");

    private static final Sql OF_NUMBER_BY_NETWORK =
            withCode("requests for a number by a network", "number = :number AND network = :network");

    private static final Sql OF_NETWORK = ofBoth("requests from a network", "network = :network", "network = :network");

    private static final Sql OF_PREFIX = withCode("codes sent to a block of numbers", "prefix = :prefix AND sent = 1");

    private static final Sql OF_ALL = withCode("codes sent in all", "sent = 1");

    private static final Sql SENT_AND_USED = Sql.of("codes sent and used", """
            SELECT count(*) AS sent, coalesce(sum(used), 0) AS used FROM multisession_code_requests
            WHERE sent = 1 AND requested_at > :after AND requested_at <= :until
            """);

    private static final Sql INSERT = Sql.of("count a request", """
            INSERT INTO multisession_code_requests
              (requested_at, number, prefix, network, challenge_hash, sent, used)
            VALUES (:now, :number, :prefix, :network, :challenge, :sent, 0)
            """);

    private static final Sql INSERT_STRANGER = Sql.of(
            "count a stranger's request",
            "INSERT INTO multisession_stranger_requests (requested_at, number, network) VALUES (:now, :number, :network)");

    private static final Sql FORGET_STRANGERS = Sql.of("forget the oldest of strangers' requests", """
            DELETE FROM multisession_stranger_requests
            WHERE id <= (SELECT max(id) FROM multisession_stranger_requests) - :most
            """);

    /** Rows leave at the low end, so that the ids tell how many there are. What lies ahead was not the oldest. */
    private static final Sql HORIZON = Sql.of("since when strangers' requests are known", """
            SELECT requested_at FROM multisession_stranger_requests
            WHERE requested_at <= :latest
              AND (SELECT max(id) FROM multisession_stranger_requests)
                - (SELECT min(id) FROM multisession_stranger_requests) + 1 >= :most
            ORDER BY id LIMIT 1
            """);

    private static final Sql USED = Sql.of("note that codes were used", """
            UPDATE multisession_code_requests SET used = 1
            WHERE number = :number AND challenge_hash = :challenge AND requested_at > :after AND requested_at <= :until
            """);

    private static final Sql DELETE_OLD = Sql.of("delete old requests", """
            DELETE FROM multisession_code_requests WHERE id IN
              (SELECT id FROM multisession_code_requests WHERE requested_at < :moment ORDER BY id LIMIT :most)
            """);

    private static final Sql DELETE_OLD_STRANGERS = Sql.of("delete strangers' old requests", """
            DELETE FROM multisession_stranger_requests WHERE id IN
              (SELECT id FROM multisession_stranger_requests WHERE requested_at < :moment ORDER BY id LIMIT :most)
            """);

    private static final Sql DELETE_AHEAD = Sql.of("delete requests that lie ahead", """
            DELETE FROM multisession_code_requests WHERE id IN
              (SELECT id FROM multisession_code_requests WHERE requested_at > :moment LIMIT :most)
            """);

    private static final Sql DELETE_STRANGERS_AHEAD = Sql.of("delete strangers' requests that lie ahead", """
            DELETE FROM multisession_stranger_requests WHERE id IN
              (SELECT id FROM multisession_stranger_requests WHERE requested_at > :moment LIMIT :most)
            """);

    /** The time that a question is about: after one moment, up to another. */
    record Stretch(Instant after, Instant until) {}

    /** Codes sent in some time, and how many of them were used. */
    record Use(long sent, long used) {}

    private final int mostStrangers;

    public CodeRequestDao() {
        this(MAX_STRANGERS);
    }

    /** Keeps this many of strangers' rows. */
    public CodeRequestDao(int mostStrangers) {
        this.mostStrangers = mostStrangers;
    }

    /** When the n-th latest code for this number was asked for; null if there were not so many. So are the others. */
    @Nullable
    Instant ofNumber(Handle handle, String number, Stretch in, int n) {
        return nth(handle.query(OF_NUMBER).bind("number", number), in, n);
    }

    /** The latest that was not used. */
    @Nullable
    Instant unusedOfNumber(Handle handle, String number, Stretch in) {
        return nth(handle.query(UNUSED_OF_NUMBER).bind("number", number), in, 1);
    }

    @Nullable
    Instant unusedOfNumberFrom(Handle handle, String number, String network, Stretch in, int n) {
        return nth(
                handle.query(UNUSED_OF_NUMBER_FROM_NETWORK)
                        .bind("number", number)
                        .bind("network", network),
                in,
                n);
    }

    @Nullable
    Instant ofNumberByStrangers(Handle handle, String number, Stretch in) {
        return nth(handle.query(OF_NUMBER_BY_STRANGERS).bind("number", number), in, 1);
    }

    @Nullable
    Instant ofNumberByBrowser(Handle handle, String number, String browserHash, Stretch in, int n) {
        return nth(handle.query(OF_NUMBER_BY_BROWSER).bind("number", number).bind("browser", browserHash), in, n);
    }

    @Nullable
    Instant unusedOfNumberByBrowser(Handle handle, String number, String browserHash, Stretch in) {
        return nth(
                handle.query(UNUSED_OF_NUMBER_BY_BROWSER).bind("number", number).bind("browser", browserHash), in, 1);
    }

    @Nullable
    Instant ofNumberByNetwork(Handle handle, String number, String network, Stretch in, int n) {
        return nth(handle.query(OF_NUMBER_BY_NETWORK).bind("number", number).bind("network", network), in, n);
    }

    @Nullable
    Instant ofNetwork(Handle handle, String network, Stretch in, int n) {
        return nth(handle.query(OF_NETWORK).bind("network", network), in, n);
    }

    @Nullable
    Instant ofPrefix(Handle handle, String prefix, Stretch in, int n) {
        return nth(handle.query(OF_PREFIX).bind("prefix", prefix), in, n);
    }

    @Nullable
    Instant ofAll(Handle handle, Stretch in, int n) {
        return nth(handle.query(OF_ALL), in, n);
    }

    private static Sql withCode(String name, String condition) {
        return Sql.of(name, "SELECT requested_at " + inTime("multisession_code_requests", condition) + NTH_LATEST);
    }

    private static Sql ofBoth(String name, String ofThoseWithCode, String ofStrangers) {
        return Sql.of(
                name,
                "SELECT requested_at FROM (SELECT requested_at " + inTime("multisession_code_requests", ofThoseWithCode)
                        + " UNION ALL SELECT requested_at " + inTime("multisession_stranger_requests", ofStrangers)
                        + ") a"
                        + NTH_LATEST);
    }

    private static String inTime(String table, String condition) {
        return "FROM " + table + " r WHERE " + condition + " AND requested_at > :after AND requested_at <= :until";
    }

    private static @Nullable Instant nth(Statement.Query requests, Stretch in, int n) {
        return requests.bind("after", in.after())
                .bind("until", in.until())
                .bind("skipped", n - 1)
                .optional(row -> row.instant("requested_at"))
                .orElse(null);
    }

    Use use(Handle handle, Stretch in) {
        return handle.query(SENT_AND_USED)
                .bind("after", in.after())
                .bind("until", in.until())
                .one(row -> new Use(row.number("sent"), row.number("used")));
    }

    /**
     * Counts a request whose code can be used.
     *
     * @param isSent whether a message goes out, which budgets and the breaker count
     */
    void insert(
            Transaction transaction,
            String number,
            String prefix,
            String network,
            String challengeHash,
            boolean isSent,
            Instant now) {
        transaction
                .update(INSERT)
                .bind("now", now)
                .bind("number", number)
                .bind("prefix", prefix)
                .bind("network", network)
                .bind("challenge", challengeHash)
                .bind("sent", isSent ? 1 : 0)
                .run();
    }

    /** Counts a request that nothing is sent for, and forgets the oldest of these if there are too many. */
    void insertStranger(Transaction transaction, String number, String network, Instant now) {
        transaction
                .update(INSERT_STRANGER)
                .bind("now", now)
                .bind("number", number)
                .bind("network", network)
                .run();
        transaction.update(FORGET_STRANGERS).bind("most", mostStrangers).run();
    }

    /** Since when all requests of strangers are known; null if none was forgotten for lack of space. */
    @Nullable
    Instant horizon(Handle handle, Instant now) {
        return handle.query(HORIZON)
                .bind("latest", SqlTime.latestOf(now))
                .bind("most", mostStrangers)
                .optional(row -> row.instant("requested_at"))
                .orElse(null);
    }

    /**
     * Notes that the codes which were sent in this time have done their work. A known browser keeps its secret, so that
     * its earlier requests bear the same hash; those are other codes, and may be lost ones.
     */
    void markUsed(Transaction transaction, String number, String challengeHash, Stretch in) {
        transaction
                .update(USED)
                .bind("number", number)
                .bind("challenge", challengeHash)
                .bind("after", in.after())
                .bind("until", in.until())
                .run();
    }

    /** Removes some of the requests from before this moment; returns how many. */
    public int deleteOld(Transaction transaction, Instant before, int most) {
        int deleted = delete(transaction, DELETE_OLD, before, most);
        return deleted + delete(transaction, DELETE_OLD_STRANGERS, before, most - deleted);
    }

    /** Removes some of those that a clock which was ahead has left after this moment; no limit counts them. */
    public int deleteAhead(Transaction transaction, Instant after, int most) {
        int deleted = delete(transaction, DELETE_AHEAD, after, most);
        return deleted + delete(transaction, DELETE_STRANGERS_AHEAD, after, most - deleted);
    }

    private static int delete(Transaction transaction, Sql sql, Instant moment, int most) {
        return transaction.update(sql).bind("moment", moment).bind("most", most).run();
    }
}
