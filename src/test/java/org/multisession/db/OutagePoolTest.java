package org.multisession.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.Mockito.RETURNS_DEEP_STUBS;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;
import static org.mockito.Mockito.withSettings;

import com.zaxxer.hikari.HikariConfig;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.multisession.db.postgres.PostgresServer;
import org.multisession.testing.LogLines;

class OutagePoolTest {

    private final SQLException down = new SQLTransientConnectionException(
            "no connection in time", "08001", new SQLException("Connection refused", "08001"));

    private final SQLException inUse = new SQLTransientConnectionException("no connection in time");

    /** Waits until the test says what comes of it; the test's own thread must not have to wait. */
    private static final class Held implements ConnectionPool {

        final Thread test = Thread.currentThread();
        final Semaphore waiting = new Semaphore(0);
        final BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();

        @Override
        public Lease borrow(boolean isAwaited) throws SQLException {
            if (Thread.currentThread() == test && outcomes.isEmpty()) {
                throw new AssertionError("it waited");
            }
            waiting.release();
            Object outcome;
            try {
                outcome = outcomes.take();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            if (outcome instanceof SQLException failure) {
                throw failure;
            }
            return (Lease) outcome;
        }

        @Override
        public PoolUse use() {
            return new PoolUse(0, 0, waiting.availablePermits());
        }

        @Override
        public void close() {
            outcomes.clear();
        }
    }

    private final Held held = new Held();
    private final OutagePool pool =
            new OutagePool(held, PostgresServer.at("jdbc:postgresql://db:5432/app", null, null));
    private final ConnectionPool.Lease lease = mock();

    private void fails(SQLException failure) {
        held.outcomes.add(failure);
        assertThatThrownBy(() -> pool.borrow(true)).isSameAs(failure);
        held.waiting.drainPermits();
    }

    private CompletableFuture<ConnectionPool.Lease> begun(boolean isAwaited) {
        CompletableFuture<ConnectionPool.Lease> result = new CompletableFuture<>();
        Thread caller = new Thread(() -> {
            try {
                result.complete(pool.borrow(isAwaited));
            } catch (SQLException e) {
                result.completeExceptionally(e);
                held.waiting.release();
            }
        });
        caller.setDaemon(true);
        caller.start();
        held.waiting.acquireUninterruptibly();
        return result;
    }

    private void everybodyWaitsForATurn() {
        CompletableFuture<ConnectionPool.Lease> one = begun(true);
        CompletableFuture<ConnectionPool.Lease> another = begun(true);
        held.outcomes.add(lease);
        held.outcomes.add(lease);
        assertThat(one.join()).isSameAs(lease);
        assertThat(another.join()).isSameAs(lease);
    }

    @Test
    void during_an_outage_one_request_waits_and_the_others_fail_at_once() {
        fails(down);
        CompletableFuture<ConnectionPool.Lease> first = begun(true);

        assertThatThrownBy(() -> pool.borrow(true)).isSameAs(down);
        assertThatThrownBy(() -> pool.borrow(true)).isSameAs(down);
        assertThat(held.waiting.availablePermits()).as("others that waited").isZero();

        held.outcomes.add(down);
        assertThatThrownBy(first::join).hasCause(down);
        assertThat(begun(true)).as("the next one waits again").isNotDone();
    }

    @Test
    void the_first_who_gets_a_connection_ends_the_outage_for_all() {
        fails(down);
        CompletableFuture<ConnectionPool.Lease> first = begun(true);
        held.outcomes.add(lease);
        assertThat(first.join()).isSameAs(lease);

        everybodyWaitsForATurn();
    }

    @Test
    void an_outage_is_told_once_when_it_begins_and_once_when_it_ends() {
        try (LogLines log = new LogLines()) {
            fails(down);
            fails(down);
            fails(inUse);
            held.outcomes.add(lease);
            held.outcomes.add(lease);
            assertThat(begun(true).join()).isSameAs(lease);
            assertThat(begun(true).join()).isSameAs(lease);
            assertThat(log.all())
                    .containsExactly(
                            "SEVERE No connection to jdbc:postgresql://db:5432/app can be opened: the database cannot be reached"
                                    + " (Connection refused). Until one can, requests are answered with 503",
                            "WARNING jdbc:postgresql://db:5432/app answers again");
        }
    }

    @Test
    void where_all_connections_are_in_use_everybody_waits_for_a_turn() {
        fails(inUse);
        everybodyWaitsForATurn();
    }

    @Test
    void where_the_server_refuses_more_while_some_are_lent_everybody_waits_for_a_turn() {
        CompletableFuture<ConnectionPool.Lease> unlucky = begun(true);
        CompletableFuture<ConnectionPool.Lease> lucky = begun(true);
        held.outcomes.add(lease);
        assertThat(CompletableFuture.anyOf(unlucky, lucky).join()).isSameAs(lease);
        held.outcomes.add(down);
        assertThatThrownBy(() -> CompletableFuture.allOf(unlucky, lucky).join()).hasCause(down);

        assertThat(pool.isAway()).isFalse();
        everybodyWaitsForATurn();
    }

    /** Hikari wraps what fails then once more, in what is no failure of SQL. */
    @Test
    void a_connection_that_fails_by_its_first_statements_is_told_by_their_failure() throws SQLException {
        SQLException refused = new SQLException("no role of that name", "42704");
        DataSource source = mock();
        Connection good = mock(withSettings().defaultAnswer(RETURNS_DEEP_STUBS));
        Connection bad = mock(withSettings().defaultAnswer(RETURNS_DEEP_STUBS));
        when(good.isValid(anyInt())).thenReturn(true);
        when(bad.createStatement().execute(any())).thenThrow(refused);
        when(source.getConnection()).thenReturn(good, bad);
        HikariConfig config = new HikariConfig();
        config.setDataSource(source);
        config.setConnectionInitSql("SET ROLE app");
        config.setConnectionTimeout(250);
        config.setMaximumPoolSize(2);
        config.setMinimumIdle(1);
        try (OwnPool own = OwnPool.open(config, mock(Vendor.class), new Loans());
                ConnectionPool.Lease first = own.borrow(false)) {
            assertThat(first.connection().isClosed()).isFalse();
            assertThatThrownBy(() -> own.borrow(false))
                    .isInstanceOf(SQLTransientConnectionException.class)
                    .hasCause(refused);
        }
    }

    @Test
    void an_outage_is_not_over_because_nobody_said_once_why_there_was_no_connection() {
        fails(down);
        fails(inUse);
        assertThat(begun(true)).isNotDone();
        assertThatThrownBy(() -> pool.borrow(true)).isSameAs(down);
    }

    @Test
    void work_that_no_client_waits_for_waits_as_before_and_may_end_the_outage() {
        fails(down);
        CompletableFuture<ConnectionPool.Lease> sweep = begun(false);
        CompletableFuture<ConnectionPool.Lease> request = begun(true);
        held.outcomes.add(lease);
        held.outcomes.add(lease);
        assertThat(sweep.join()).isSameAs(lease);
        assertThat(request.join()).isSameAs(lease);
        everybodyWaitsForATurn();
    }
}
