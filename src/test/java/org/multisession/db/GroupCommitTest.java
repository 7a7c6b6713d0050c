package org.multisession.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.OldDatabase;

/** Many write in few commits, and each gets what is its own. */
class GroupCommitTest {

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicLong rested = new AtomicLong();
    private final MemoryFolder folder = new MemoryFolder();
    private OldDatabase old;
    private SqliteFile file;
    private Database database;
    private GroupCommit commits;

    @BeforeEach
    void open() {
        old = OldDatabase.make(folder.path(), "single");
        old.run("CREATE TABLE numbers (n INTEGER PRIMARY KEY)");
        file = SqliteFile.claim(old.path(), false, "/test");
        database = Database.open(file, 1, Duration.ofSeconds(5));
        commits = new GroupCommit(database, nanos::get, time -> {
            rested.addAndGet(time);
            nanos.addAndGet(time);
        });
    }

    @AfterEach
    void close() {
        threads.shutdownNow();
        database.close();
        file.close();
        old.close();
        folder.close();
    }

    private static int insert(Transaction transaction, int n) throws SQLException {
        try (PreparedStatement statement = transaction.prepare("INSERT INTO numbers VALUES (?)")) {
            statement.setInt(1, n);
            return statement.executeUpdate() + n;
        }
    }

    private int rows() {
        return database.read(handle -> {
            try (PreparedStatement statement = handle.prepare("SELECT count(*) FROM numbers");
                    ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        });
    }

    /** Starts a write that holds the database, then so many others that gather behind it; then lets all go. */
    private List<Future<Integer>> gathered(int others, Set<Transaction> transactions) throws Exception {
        CountDownLatch isWriting = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        List<Future<Integer>> results = new ArrayList<>();
        results.add(threads.submit(() -> commits.write(transaction -> {
            transactions.add(transaction);
            isWriting.countDown();
            await(goOn);
            return insert(transaction, 0);
        })));
        await(isWriting);
        for (int i = 1; i <= others; i++) {
            int n = i;
            results.add(threads.submit(() -> commits.write(transaction -> {
                transactions.add(transaction);
                int result = insert(transaction, n);
                if (n % 5 == 0) {
                    throw new IllegalStateException("number " + n);
                }
                return result;
            })));
        }
        while (commits.waiting() + results.stream().filter(Future::isDone).count() < others) {
            Thread.onSpinWait();
        }
        goOn.countDown();
        return results;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Set<Transaction> identities() {
        return Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));
    }

    @Test
    void those_that_come_during_a_commit_share_the_next() throws Exception {
        Set<Transaction> transactions = identities();
        for (Future<Integer> result : gathered(4, transactions)) {
            result.get();
        }
        assertThat(transactions).hasSize(2);
        assertThat(rows()).isEqualTo(5);
    }

    @Test
    void each_gets_its_own_result_and_a_failure_undoes_its_own_work_only() throws Exception {
        List<Future<Integer>> results = gathered(20, identities());
        for (int n = 0; n <= 20; n++) {
            Future<Integer> result = results.get(n);
            if (n > 0 && n % 5 == 0) {
                assertThatThrownBy(result::get)
                        .isInstanceOf(ExecutionException.class)
                        .hasRootCauseMessage("number " + n);
            } else {
                assertThat(result.get()).isEqualTo(1 + n);
            }
        }
        assertThat(rows()).isEqualTo(17);
    }

    @Test
    void a_statement_that_fails_undoes_its_own_work_only() throws Exception {
        old.run("INSERT INTO numbers VALUES (3)");
        List<Future<Integer>> results = gathered(4, identities());
        assertThatThrownBy(() -> results.get(3).get()).hasCauseInstanceOf(DatabaseException.class);
        results.get(4).get();
        assertThat(rows()).isEqualTo(5);
    }

    @Test
    void an_error_reaches_every_one_whose_work_it_undid_and_nobody_later() throws Exception {
        CountDownLatch isWriting = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Future<Integer> first = threads.submit(() -> commits.write(transaction -> {
            isWriting.countDown();
            await(goOn);
            return insert(transaction, 0);
        }));
        await(isWriting);
        List<Future<Integer>> together = new ArrayList<>();
        for (int i = 1; i <= 4; i++) {
            int n = i;
            together.add(threads.submit(() -> commits.write(transaction -> {
                if (n == 4) {
                    throw new StackOverflowError("number 4");
                }
                return insert(transaction, n);
            })));
        }
        while (commits.waiting() < 4) {
            Thread.onSpinWait();
        }
        goOn.countDown();
        first.get();
        int asItWas = 0;
        for (Future<Integer> result : together) {
            try {
                result.get();
                throw new AssertionError("it was undone, and said to be done");
            } catch (ExecutionException e) {
                if (e.getCause() instanceof StackOverflowError) {
                    asItWas++;
                } else {
                    assertThat(e).hasCauseInstanceOf(DatabaseException.class).hasRootCauseMessage("number 4");
                }
            }
        }
        assertThat(asItWas).as("the one that committed for all").isEqualTo(1);
        assertThat(rows()).isEqualTo(1);
        commits.write(transaction -> insert(transaction, 9));
        assertThat(rows()).isEqualTo(2);
    }

    @Test
    void more_than_a_hundred_do_not_wait() throws Exception {
        List<Future<Integer>> results = gathered(GroupCommit.MAX_WAITING + 10, identities());
        int busy = 0;
        for (Future<Integer> result : results) {
            try {
                result.get();
            } catch (ExecutionException e) {
                busy += e.getCause() instanceof DatabaseBusyException ? 1 : 0;
            }
        }
        assertThat(busy).isEqualTo(10);
    }

    @Test
    void there_are_six_hundred_commits_at_once_and_twenty_a_second_from_then_on() {
        for (int n = 0; n < GroupCommit.BURST + 1; n++) {
            int number = n;
            commits.write(transaction -> insert(transaction, number));
        }
        assertThat(rested).hasValue(0);
        for (int n = 0; n < 100; n++) {
            int number = 10_000 + n;
            commits.write(transaction -> insert(transaction, number));
        }
        assertThat(rested).hasValue(Duration.ofSeconds(5).toNanos());
        nanos.addAndGet(Duration.ofSeconds(30).toNanos());
        for (int n = 0; n < GroupCommit.BURST; n++) {
            int number = 20_000 + n;
            commits.write(transaction -> insert(transaction, number));
        }
        assertThat(rested).hasValue(Duration.ofSeconds(5).toNanos());
    }

    @Test
    void sign_ins_that_come_together_share_a_commit_and_one_that_fails_fails_alone() throws Exception {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        Future<Boolean> first = threads.submit(() -> database.writeTogether(transaction -> {
            held.countDown();
            await(release);
            return true;
        }));
        await(held);
        // All of these come while the first is on its way.
        List<Future<Integer>> others = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            int number = i;
            others.add(threads.submit(() -> database.writeTogether(transaction -> {
                insert(transaction, number);
                if (number % 10 == 3) {
                    throw new IllegalStateException("fails alone");
                }
                return number;
            })));
        }
        release.countDown();
        assertThat(first.get()).isTrue();
        for (int i = 0; i < 50; i++) {
            Future<Integer> other = others.get(i);
            if (i % 10 == 3) {
                assertThatThrownBy(other::get).hasRootCauseMessage("fails alone");
            } else {
                assertThat(other.get()).isEqualTo(i);
            }
        }
        assertThat(old.one("SELECT count(*) FROM numbers")).isEqualTo("45");
    }

    /** A reader in a rollback journal lets everybody write and nobody commit. */
    @Test
    void nobody_is_answered_before_the_commit_and_all_learn_that_it_failed() throws Exception {
        database.close();
        database = Database.open(file, 1, Duration.ofMillis(100));
        commits = new GroupCommit(database);
        old.run("BEGIN");
        assertThat(old.one("SELECT count(*) FROM numbers")).isEqualTo("0");
        for (Future<Integer> result : gathered(4, identities())) {
            assertThatThrownBy(result::get).hasCauseInstanceOf(DatabaseBusyException.class);
        }
        old.run("COMMIT");
        assertThat(old.one("SELECT count(*) FROM numbers")).isEqualTo("0");
    }

    @Test
    void one_that_takes_the_whole_transaction_with_it_fails_alone_too() throws Exception {
        old.run("CREATE TRIGGER refuse BEFORE INSERT ON numbers WHEN NEW.n = 3"
                + " BEGIN SELECT RAISE(ROLLBACK, 'not three'); END");
        List<Future<Integer>> results = gathered(4, identities());
        for (int i = 0; i <= 4; i++) {
            Future<Integer> result = results.get(i);
            if (i == 3) {
                assertThatThrownBy(result::get).hasStackTraceContaining("not three");
            } else {
                assertThat(result.get()).isEqualTo(i + 1);
            }
        }
        assertThat(rows()).isEqualTo(4);
    }
}
