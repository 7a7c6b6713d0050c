package org.multisession.migration.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Objects;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TestClock;

/** A node that has lost its turn to migrate, and does not know it: its next sign of life is far away. */
class TurnTest {

    private static final Duration LONG = Duration.ofHours(1);

    private PostgresApp old;
    private Database slow;
    private Database quick;

    @BeforeEach
    void make() {
        old = PostgresApp.make("multi");
        NewApp.deploy(old.claim(), new TestClock()).close();
        old.run("CREATE TABLE work (node TEXT)");
        slow = Database.open(old.claim(), 3, Duration.ofSeconds(5));
        quick = Database.open(old.claim(), 3, Duration.ofSeconds(5));
    }

    @AfterEach
    void close() {
        slow.close();
        quick.close();
        old.close();
    }

    @Test
    void nothing_is_kept_of_what_it_does_once_another_one_has_the_turn_and_that_one_goes_on() {
        assertThatThrownBy(() -> slow.execute(holder -> {
                    try (Turn lost = take(holder, slow)) {
                        lost.execute(transaction -> note(transaction, "slow, while it was its turn"));
                        endOf(holder);
                        quick.execute(other -> {
                            try (Turn turn = take(other, quick)) {
                                isRefused(() -> lost.execute(transaction -> note(transaction, "slow")));
                                isRefused(() -> lost.patiently(transaction -> note(transaction, "slow")));
                                isRefused(() -> lost.outsideTransaction(handle -> note(handle, "slow")));
                                turn.execute(transaction -> note(transaction, "quick"));
                            }
                        });
                    }
                }))
                .as("the connection that kept its turn is gone")
                .isInstanceOf(DatabaseException.class);
        assertThat(old.all("SELECT node FROM work ORDER BY node"))
                .containsExactly("quick", "slow, while it was its turn");
    }

    @Test
    void nobody_gets_a_turn_that_another_one_has() {
        slow.execute(holder -> {
            try (Turn turn = take(holder, slow)) {
                quick.execute(other -> assertThat(Turn.take(other, quick, LONG)).isNull());
                turn.execute(transaction -> note(transaction, "slow"));
            }
        });
        assertThat(old.all("SELECT node FROM work")).containsExactly("slow");
    }

    private static Turn take(Transaction holder, Database database) throws SQLException {
        return Objects.requireNonNull(Turn.take(holder, database, LONG));
    }

    private static void note(Handle handle, String node) throws SQLException {
        ComposedSql.run(handle, "INSERT INTO work VALUES ('" + node + "')");
    }

    /** As the server ends it that has heard nothing for long. */
    private void endOf(Transaction holder) throws SQLException {
        long pid = ComposedSql.number(holder, "SELECT pg_backend_pid()");
        assertThat(old.one("SELECT pg_terminate_backend(?::INTEGER, 5000)", pid))
                .isEqualTo("t");
    }

    private static void isRefused(ThrowingCallable act) {
        assertThatThrownBy(act)
                .isInstanceOf(DatabaseBusyException.class)
                .hasMessageContaining("another one may have gone on with the migration");
    }
}
