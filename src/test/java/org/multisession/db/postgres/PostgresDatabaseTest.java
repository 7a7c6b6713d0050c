package org.multisession.db.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.FailureKind;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.Transaction;
import org.multisession.testing.LogLines;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.SilentRelay;

class PostgresDatabaseTest {

    private static final Sql ZONE = Sql.of("zone", "SELECT current_setting('TimeZone') AS zone");
    private static final Sql GET = Sql.of("get", "SELECT n FROM numbers WHERE id = :id");
    private static final Sql ADD = Sql.of("add", "UPDATE numbers SET n = n + :more WHERE id = :id");
    private static final Sql PUT = Sql.of("put", "UPDATE numbers SET n = :n WHERE id = :id");
    private static final Sql INSERT = Sql.of("insert", "INSERT INTO numbers (id, n) VALUES (:id, 0)");
    private static final Sql TIME =
            Sql.of("put a time", "INSERT INTO times (with_zone, without_zone) VALUES (:moment, :moment)");
    private static final Sql TIMES = Sql.of("times", """
            SELECT with_zone, without_zone FROM times WHERE with_zone = :moment AND without_zone = :moment
            """);

    private PostgresApp old;
    private Database database;

    @BeforeEach
    void open() {
        old = PostgresApp.makeBy("""
                CREATE TABLE numbers (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, word VARCHAR(10) UNIQUE);
                INSERT INTO numbers VALUES (1, 0, 'one'), (2, 0, 'two');
                CREATE TABLE times (with_zone TIMESTAMPTZ, without_zone TIMESTAMP);
                CREATE TABLE multisession_locks (slot INTEGER PRIMARY KEY);
                INSERT INTO multisession_locks SELECT generate_series(0, 1023);
                """);
        database = Database.open(old.claim(), 4, Duration.ofMillis(500));
    }

    @AfterEach
    void close() {
        database.close();
        old.close();
    }

    @Test
    void what_is_written_is_kept_and_what_fails_is_not() {
        database.execute(transaction -> add(transaction, 1, 5));
        assertThatThrownBy(() -> database.execute(transaction -> {
                    add(transaction, 1, 7);
                    transaction.update(INSERT).bind("id", 1).run();
                }))
                .isInstanceOfSatisfying(
                        DatabaseException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.CONSTRAINT));
        assertThat(number(1)).isEqualTo(5);
        assertThat(database.writer().active()).isZero();
    }

    @Test
    void a_snapshot_shows_one_moment_and_takes_no_write() {
        PostgresServer server = old.claim();
        List<Long> seen = server.snapshot(handle -> {
            long before = handle.query(GET).bind("id", 1).one(row -> row.number("n"));
            database.execute(transaction -> add(transaction, 1, 5));
            return List.of(before, handle.query(GET).bind("id", 1).one(row -> row.number("n")));
        });
        assertThat(seen).containsExactly(0L, 0L);
        assertThat(number(1)).isEqualTo(5);
        assertThatThrownBy(() -> server.snapshot(handle -> {
                    ComposedSql.run(handle, "UPDATE numbers SET n = 7");
                    return true;
                }))
                .isInstanceOf(DatabaseException.class);
        assertThat(number(1)).isEqualTo(5);
    }

    @Test
    void a_failure_names_the_statement_and_no_value() {
        assertThatThrownBy(() -> database.execute(transaction -> transaction
                        .update(Sql.once("a word", "UPDATE numbers SET word = :word"))
                        .bind("word", "secret")
                        .run()))
                .hasMessageContaining("\"a word\" failed: duplicate key value violates unique constraint")
                .message()
                .doesNotContain("secret");
        assertThatThrownBy(() -> database.read(
                        handle -> handle.query(Sql.once("a number", "SELECT 1 FROM numbers WHERE id = :id"))
                                .bind("id", "secret")
                                .exists()))
                .message()
                .doesNotContain("secret");
    }

    @Test
    void every_connection_speaks_of_times_in_utc_and_reads_both_kinds() {
        assertThat(database.<String>read(handle -> handle.query(ZONE).one(row -> row.requiredText("zone"))))
                .isEqualTo("UTC");
        for (String text :
                List.of("2026-03-01T03:04:05.678901Z", "2026-07-01T23:59:59.999999Z", "2026-07-01T00:00:00Z")) {
            Instant moment = Instant.parse(text);
            database.execute(transaction ->
                    transaction.update(TIME).bind("moment", moment).run());
            assertThat(database.<List<Instant>>read(handle -> handle.query(TIMES)
                            .bind("moment", moment)
                            .one(row -> List.of(row.instant("with_zone"), row.instant("without_zone")))))
                    .containsExactly(moment, moment);
        }
    }

    @Test
    void who_locks_one_key_waits_for_the_other_who_has_it() throws Exception {
        int each = 50;
        CyclicBarrier start = new CyclicBarrier(2);
        try (Database other = Database.open(old.claim(), 2, Duration.ofSeconds(20))) {
            CompletableFuture<Void> both = CompletableFuture.allOf(
                    atOnce(() -> readThenWrite(database, start, each)),
                    atOnce(() -> readThenWrite(other, start, each)));
            both.get(60, TimeUnit.SECONDS);
        }
        assertThat(number(1)).isEqualTo(2L * each);
    }

    /** In a thread of its own: of those that Java lends there may be one. */
    private static CompletableFuture<Void> atOnce(Runnable work) {
        return CompletableFuture.runAsync(work, command -> new Thread(command).start());
    }

    private static void readThenWrite(Database on, CyclicBarrier start, int times) {
        await(start);
        for (int i = 0; i < times; i++) {
            on.execute(transaction -> {
                transaction.lock("number 1");
                long before = transaction.query(GET).bind("id", 1).one(row -> row.number("n"));
                // Long enough for the other to come in between.
                Thread.onSpinWait();
                transaction.update(PUT).bind("n", before + 1).bind("id", 1).run();
            });
        }
    }

    @Test
    void of_two_transactions_in_a_deadlock_the_one_that_fails_runs_again() throws Exception {
        old.run("ALTER DATABASE " + old.one("SELECT current_database()") + " SET deadlock_timeout = '50ms'");
        CyclicBarrier haveOne = new CyclicBarrier(2);
        AtomicInteger runs = new AtomicInteger();
        try (Database other = Database.open(old.claim(), 2, Duration.ofSeconds(20))) {
            CompletableFuture<Void> both = CompletableFuture.allOf(
                    atOnce(() -> bothRows(other, 1, 2, haveOne, runs)),
                    atOnce(() -> bothRows(other, 2, 1, haveOne, runs)));
            both.get(60, TimeUnit.SECONDS);
        }
        assertThat(runs).hasValueGreaterThan(2);
        assertThat(List.of(number(1), number(2))).containsExactly(2L, 2L);
    }

    private static void bothRows(Database on, long first, long second, CyclicBarrier haveOne, AtomicInteger runs) {
        on.execute(transaction -> {
            add(transaction, first, 1);
            if (runs.incrementAndGet() <= 2) {
                await(haveOne);
            }
            add(transaction, second, 1);
        });
    }

    @Test
    void somebody_elses_lock_is_busy_after_the_timeout() {
        try (PostgresApp other = old.another()) {
            other.run("BEGIN; UPDATE numbers SET n = 9 WHERE id = 1");
            assertThatThrownBy(() -> database.execute(transaction -> add(transaction, 1, 1)))
                    .isInstanceOf(DatabaseBusyException.class);
            assertThat(number(1)).isZero();
        }
        database.execute(transaction -> add(transaction, 1, 1));
        assertThat(number(1)).isEqualTo(1);
    }

    @Test
    void a_connection_that_is_cut_in_a_transaction_fails_it_as_busy_and_the_next_one_works() {
        assertThatThrownBy(() -> database.execute(transaction -> {
                    add(transaction, 1, 1);
                    old.cutOthers();
                    add(transaction, 1, 1);
                }))
                .isInstanceOf(DatabaseBusyException.class);
        assertThat(number(1)).isZero();
        database.execute(transaction -> add(transaction, 1, 1));
        assertThat(number(1)).isEqualTo(1);
    }

    @Test
    void what_a_client_waits_for_is_given_up_while_the_network_is_still_silent_and_goes_on_afterwards()
            throws Exception {
        try (SilentRelay relay = SilentRelay.to(PostgresApp.port());
                Database far = Database.open(
                        PostgresServer.at(relay.in(old.url()), "postgres", ""), 2, Duration.ofMillis(500))) {
            far.execute(transaction -> add(transaction, 1, 1));
            relay.fallSilent();
            for (int i = 0; i < 2; i++) {
                CompletableFuture<Void> reading =
                        CompletableFuture.runAsync(() -> far.whileAwaited(() -> far.read(handle -> value(handle, 1))));
                assertThatThrownBy(() -> reading.get(30, TimeUnit.SECONDS))
                        .hasCauseInstanceOf(DatabaseBusyException.class);
                CompletableFuture<Void> writing = CompletableFuture.runAsync(
                        () -> far.whileAwaited(() -> far.execute(transaction -> add(transaction, 1, 1))));
                assertThatThrownBy(() -> writing.get(30, TimeUnit.SECONDS))
                        .hasCauseInstanceOf(DatabaseBusyException.class);
            }
            relay.speak();
            long seen = -1;
            while (seen < 0) {
                try {
                    seen = far.read(handle -> value(handle, 1));
                } catch (DatabaseBusyException e) {
                    // A connection may still be on its way out.
                    seen = -1;
                }
            }
            assertThat(number(1)).isEqualTo(1);
        }
    }

    /** As one that is paused: its kernel still takes the call, and nobody answers. */
    @ParameterizedTest
    @ValueSource(strings = {"prefer", "disable"})
    void a_host_that_falls_silent_is_followed_by_the_next_one_of_the_url(String sslMode) throws Exception {
        try (SilentRelay relay = SilentRelay.to(PostgresApp.port())) {
            String both = relay.in(old.url()).replaceFirst("(127.0.0.1:\\d+)", "$1,127.0.0.1:" + PostgresApp.port())
                    + "?sslmode=" + sslMode;
            try (Database far = Database.open(PostgresServer.at(both, "postgres", ""), 2, Duration.ofSeconds(2))) {
                far.execute(transaction -> add(transaction, 1, 1));
                relay.fallSilent();
                int refused = 0;
                while (refused < 20 && !isAnswered(far)) {
                    refused++;
                }
                assertThat(refused).isLessThan(20);
            }
        }
    }

    private static boolean isAnswered(Database far) {
        try {
            far.whileAwaited(() -> far.read(handle -> value(handle, 1)));
            return true;
        } catch (DatabaseBusyException e) {
            return false;
        }
    }

    @Test
    void the_locks_of_a_node_that_stands_still_end_after_seconds_but_a_statement_of_a_migration_may_take_its_time() {
        Sql idle = Sql.of("limits", """
                SELECT concat_ws(' ', current_setting('idle_in_transaction_session_timeout'),
                  current_setting('statement_timeout'), current_setting('tcp_keepalives_idle')) AS limits
                """);
        assertThat(database.<String>write(
                        transaction -> transaction.query(idle).one(row -> row.requiredText("limits"))))
                .startsWith("5s 30s ");
        assertThat(database.<String>write(transaction -> {
                    TimeLimits.lift(transaction);
                    assertThat(transaction.connection().getNetworkTimeout()).isZero();
                    return transaction.query(idle).one(row -> row.requiredText("limits"));
                }))
                .isEqualTo("5s 0 30");
        assertThat(database.<Integer>read(handle -> handle.connection().getNetworkTimeout()))
                .isEqualTo(60_000);
    }

    @Test
    void what_is_committed_is_on_disk_whatever_the_database_is_set_to_and_who_waits_for_more_still_does() {
        assertThat(synchronousCommitWhereItIs("off")).isEqualTo("on");
        assertThat(synchronousCommitWhereItIs("remote_apply")).isEqualTo("remote_apply");
    }

    private String synchronousCommitWhereItIs(String setting) {
        Sql level = Sql.of("level", "SELECT current_setting('synchronous_commit') AS level");
        old.run("ALTER DATABASE " + old.one("SELECT current_database()") + " SET synchronous_commit = " + setting);
        try (Database another = Database.open(old.claim(), 2, Duration.ofMillis(500))) {
            return another.write(transaction -> transaction.query(level).one(row -> row.requiredText("level")));
        }
    }

    /** A server before version 17 has no such limit. */
    @Test
    void no_transaction_of_ours_ends_by_the_limit_that_an_account_sets_for_whole_transactions() {
        Sql limit = Sql.of("limit", "SELECT current_setting('transaction_timeout', true) AS limit");
        old.run("ALTER DATABASE " + old.one("SELECT current_database()") + " SET transaction_timeout = '20s'");
        try (PostgresServer server = old.claim();
                Database another = Database.open(server, 2, Duration.ofMillis(500))) {
            assertThat(another.<String>write(
                            transaction -> transaction.query(limit).one(row -> row.requiredText("limit"))))
                    .isEqualTo("0");
            assertThat(server.<String>snapshot(handle -> handle.query(limit).one(row -> row.requiredText("limit"))))
                    .isEqualTo("0");
            assertThat(another.<String>write(transaction -> {
                        ComposedSql.run(transaction, "SET LOCAL transaction_timeout = '20s'");
                        TimeLimits.lift(transaction);
                        return transaction.query(limit).one(row -> row.requiredText("limit"));
                    }))
                    .isEqualTo("0");
        }
    }

    private static long value(Handle handle, long id) {
        return handle.query(GET).bind("id", id).one(row -> row.number("n"));
    }

    @Test
    void a_statement_that_fails_is_told_of_without_the_value_that_it_failed_on() {
        try (LogLines log = new LogLines()) {
            assertThatThrownBy(() -> database.read(
                            handle -> handle.query(Sql.once("a number", "SELECT 1 FROM numbers WHERE id = :id"))
                                    .bind("id", "secret")
                                    .exists()))
                    .isInstanceOf(DatabaseException.class)
                    .hasMessageNotContaining("secret");
            assertThat(log.all()).noneMatch(line -> line.contains("secret"));
        }
    }

    @Test
    void it_says_where_it_is_and_no_password() {
        String url = old.url() + "?password=secret&user=postgres";
        assertThat(PostgresServer.at(url, null, null).toString())
                .isEqualTo(old.url().replace("?", ""));
        assertThat(database.<String>read(database.source()::describe)).startsWith("PostgreSQL 18.");
        assertThatThrownBy(() -> PostgresServer.at("jdbc:mysql://secret", null, null))
                .isInstanceOf(DatabaseException.class)
                .message()
                .doesNotContain("secret");
    }

    @Test
    void a_server_that_is_not_there_is_busy_and_leaves_nothing_open() {
        assertThatThrownBy(() -> Database.open(
                        PostgresServer.at("jdbc:postgresql://localhost:1/x", "x", "secret"), 2, Duration.ofMillis(300)))
                .isInstanceOf(DatabaseBusyException.class)
                .hasMessageContaining("cannot be reached");
    }

    private static void add(Transaction transaction, long id, long more) {
        transaction.update(ADD).bind("more", more).bind("id", id).run();
    }

    private long number(long id) {
        return database.read(handle -> handle.query(GET).bind("id", id).one(row -> row.number("n")));
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Without its own limit it would run for an hour, and hold its locks as long. */
    @Test
    void a_statement_that_nobody_waits_for_any_more_ends_on_the_server_too() {
        Database.Awaited<RuntimeException, RuntimeException> work = () -> database.execute(
                transaction -> ComposedSql.run(transaction, "SET LOCAL statement_timeout = 0; SELECT pg_sleep(3600)"));
        assertThatThrownBy(() -> database.whileAwaited(work)).isInstanceOf(DatabaseBusyException.class);
        while (!old.one("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                        + " AND query ~ 'pg_sleep' AND state = 'active' AND pid <> pg_backend_pid()")
                .equals("0")) {
            Thread.onSpinWait();
        }
    }
}
