package org.multisession.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.StatementLog;

/** Many write in few commits, and each gets what is its own. */
class GroupCommitTest {

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicLong rested = new AtomicLong();
    private final MemoryFolder folder = new MemoryFolder();
    private SqliteApp old;
    private SqliteFile file;
    private Database database;
    private GroupCommit commits;

    @BeforeEach
    void open() {
        old = SqliteApp.make(folder.path(), "single");
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
        List<Future<Integer>> results = new ArrayList<>();
        Holder first = new Holder(transaction -> {
            transactions.add(transaction);
            return insert(transaction, 0);
        });
        results.add(first.result);
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
        Future<Integer> unused = first.letGo();
        return results;
    }

    /** A write that has the database until it is let go. */
    private final class Holder {

        private final CountDownLatch isWriting = new CountDownLatch(1);
        private final CountDownLatch goOn = new CountDownLatch(1);
        private final Future<Integer> result;

        Holder(Database.Work<Transaction, Integer> work) {
            result = threads.submit(() -> commits.write(transaction -> {
                isWriting.countDown();
                await(goOn);
                return work.run(transaction);
            }));
            await(isWriting);
        }

        Future<Integer> letGo() {
            goOn.countDown();
            return result;
        }
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
    void only_where_one_has_failed_does_each_get_a_savepoint() {
        assertThat(StatementLog.during(() -> resultsOf(4))).noneMatch(sql -> sql.contains("SAVEPOINT"));
        // The fifth fails, and is not done again.
        assertThat(StatementLog.during(() -> resultsOf(6)))
                .filteredOn(sql -> sql.contains("SAVEPOINT"))
                .hasSize(5);
    }

    /** As where somebody else was in the way of it. */
    @Test
    void one_that_the_database_failed_beside_others_is_done_once_more_by_itself() throws Exception {
        Holder first = new Holder(transaction -> insert(transaction, 0));
        AtomicInteger runs = new AtomicInteger();
        Future<Integer> failing = threads.submit(() -> commits.write(transaction -> {
            if (runs.incrementAndGet() == 1) {
                throw new DatabaseException("failed", null);
            }
            return insert(transaction, 1);
        }));
        Future<Integer> other = threads.submit(() -> commits.write(transaction -> insert(transaction, 2)));
        while (commits.waiting() < 2) {
            Thread.onSpinWait();
        }
        first.letGo().get();
        assertThat(failing.get()).isEqualTo(2);
        assertThat(other.get()).isEqualTo(3);
        assertThat(runs).hasValue(2);
    }

    /** Only the commit finds it, when the work of all has been done. */
    @Test
    void one_that_breaks_a_deferred_constraint_fails_alone() throws Exception {
        old.run("CREATE TABLE doubles (n INTEGER REFERENCES numbers (n) DEFERRABLE INITIALLY DEFERRED)");
        Holder first = new Holder(transaction -> insert(transaction, 0));
        List<Future<Integer>> results = new ArrayList<>();
        for (int n = 1; n <= 4; n++) {
            String number = n == 3 ? "99" : "0";
            results.add(threads.submit(() -> commits.write(transaction -> {
                try (PreparedStatement statement = transaction.prepare("INSERT INTO doubles VALUES (" + number + ")")) {
                    return statement.executeUpdate();
                }
            })));
        }
        while (commits.waiting() < 4) {
            Thread.onSpinWait();
        }
        first.letGo().get();
        assertThatThrownBy(results.remove(2)::get).hasCauseInstanceOf(DatabaseException.class);
        for (Future<Integer> other : results) {
            assertThat(other.get()).isEqualTo(1);
        }
        assertThat(old.one("SELECT count(*) FROM doubles")).isEqualTo("3");
    }

    private void resultsOf(int others) {
        try {
            for (Future<Integer> result : gathered(others, identities())) {
                Throwable unused = catchThrowable(result::get);
            }
        } catch (Exception e) {
            throw new AssertionError(e);
        }
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
        Holder first = new Holder(transaction -> insert(transaction, 0));
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
        first.letGo().get();
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
    void one_without_a_limit_shares_commits_too_and_never_rests() throws Exception {
        commits = GroupCommit.unlimited(database);
        Set<Transaction> transactions = identities();
        for (Future<Integer> result : gathered(4, transactions)) {
            result.get();
        }
        assertThat(transactions).hasSize(2);
        for (int n = 0; n < GroupCommit.BURST + 10; n++) {
            int number = 1_000 + n;
            commits.write(transaction -> insert(transaction, number));
        }
        assertThat(rows()).isEqualTo(5 + GroupCommit.BURST + 10);
    }

    /** As of the database itself: what is told of a constraint, and of which statement. */
    @Test
    void a_failure_beside_others_is_the_one_that_it_would_be_alone() throws Exception {
        old.run("INSERT INTO numbers VALUES (3)");
        Throwable alone = catchThrowable(() -> commits.write(transaction -> insert(transaction, 3)));
        List<Future<Integer>> results = gathered(4, identities());
        Throwable beside = catchThrowable(() -> results.get(3).get());
        assertThat(beside.getCause()).hasSameClassAs(alone).hasMessage(alone.getMessage());
        assertThat(rows()).isEqualTo(5);
    }

    @Test
    void what_is_to_be_done_after_the_commit_is_done_for_what_was_kept_and_for_nothing_else() throws Exception {
        List<Integer> told = Collections.synchronizedList(new ArrayList<>());
        Holder first = new Holder(transaction -> {
            transaction.afterCommit(() -> told.add(0));
            return 0;
        });
        List<Future<Integer>> others = new ArrayList<>();
        for (int i = 1; i <= 4; i++) {
            int n = i;
            others.add(threads.submit(() -> commits.write(transaction -> {
                transaction.afterCommit(() -> told.add(n));
                insert(transaction, n);
                if (n == 2) {
                    throw new IllegalStateException("number 2");
                }
                return n;
            })));
        }
        while (commits.waiting() < 4) {
            Thread.onSpinWait();
        }
        assertThat(told).isEmpty();
        first.letGo().get();
        for (Future<Integer> other : others) {
            Throwable unused = catchThrowable(other::get);
        }
        assertThat(told).containsExactlyInAnyOrder(0, 1, 3, 4);
    }

    @Test
    void nothing_is_told_of_a_commit_that_failed_or_of_work_that_is_undone() throws Exception {
        List<String> told = new ArrayList<>();
        database.close();
        database = Database.open(file, 1, Duration.ofSeconds(1));
        old.run("BEGIN");
        assertThat(old.one("SELECT count(*) FROM numbers")).isEqualTo("0");
        assertThatThrownBy(() -> database.execute(transaction -> {
                    transaction.afterCommit(() -> told.add("never committed"));
                    insert(transaction, 1);
                }))
                .isInstanceOf(DatabaseBusyException.class);
        old.run("COMMIT");
        database.execute(transaction -> {
            transaction.afterCommit(() -> told.add("committed"));
            int unused = transaction.undone(inner -> {
                inner.afterCommit(() -> told.add("undone"));
                return insert(inner, 2);
            });
        });
        assertThat(told).containsExactly("committed");
    }

    @Test
    void the_interrupt_of_one_fails_nobody_else_and_is_kept_for_it() throws Exception {
        Holder first = new Holder(transaction -> insert(transaction, 0));
        Future<Boolean> interrupted = threads.submit(() -> {
            Thread.currentThread().interrupt();
            commits.write(transaction -> insert(transaction, 1));
            return Thread.currentThread().isInterrupted();
        });
        Future<Integer> other = threads.submit(() -> commits.write(transaction -> insert(transaction, 2)));
        while (commits.waiting() < 2) {
            Thread.onSpinWait();
        }
        first.letGo().get();
        assertThat(interrupted.get()).isTrue();
        assertThat(other.get()).isEqualTo(3);
        assertThat(rows()).isEqualTo(3);
    }

    @Test
    void an_interrupted_caller_waits_for_the_connection_like_any_other() throws Exception {
        Holder holder = new Holder(transaction -> insert(transaction, 0));
        commits = GroupCommit.unlimited(database);
        Future<Boolean> interrupted = threads.submit(() -> {
            Thread.currentThread().interrupt();
            commits.write(transaction -> insert(transaction, 1));
            return Thread.currentThread().isInterrupted();
        });
        while (database.writer().waiting() == 0 && !interrupted.isDone()) {
            Thread.onSpinWait();
        }
        holder.letGo().get();
        assertThat(interrupted.get()).isTrue();
        assertThat(rows()).isEqualTo(2);
    }

    /** A reader in a rollback journal lets everybody write and nobody commit. */
    @Test
    void nobody_is_answered_before_the_commit_and_all_learn_that_it_failed() throws Exception {
        database.close();
        database = Database.open(file, 1, Duration.ofSeconds(1));
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
