package org.multisession.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.multisession.testing.PostgresApp;

class PostgresGroupCommitTest {

    private static final Sql WRITE = Sql.of("write a user", "UPDATE users SET \"plan\" = 'ours' WHERE id = :id");

    @Test
    void an_old_app_that_writes_several_users_is_never_the_victim_of_a_deadlock_with_those_who_come_together()
            throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(3);
        try (PostgresApp old = PostgresApp.make("single")) {
            old.run("ALTER DATABASE " + old.one("SELECT current_database()") + " SET deadlock_timeout = '20ms'");
            try (PostgresApp somebody = old.another();
                    PostgresApp oldApp = old.another();
                    Database database = Database.open(old.claim(), 2, Duration.ofSeconds(30))) {
                GroupCommit together = GroupCommit.unlimited(database);
                somebody.run("BEGIN");
                somebody.run("UPDATE users SET name = 'new' WHERE id = 44");
                oldApp.run("BEGIN");
                oldApp.run("UPDATE users SET name = 'new' WHERE id = 43");

                List<Future<Integer>> ours = new ArrayList<>();
                ours.add(callers.submit(() -> write(together, 44)));
                awaitOneThatWaits(old);
                for (long id : new long[] {42, 43}) {
                    int waiting = together.waiting();
                    ours.add(callers.submit(() -> write(together, id)));
                    while (together.waiting() == waiting) {
                        Thread.onSpinWait();
                    }
                }
                somebody.run("COMMIT");
                assertThat(ours.get(0).get(30, TimeUnit.SECONDS)).isEqualTo(1);
                awaitOneThatWaits(old);
                oldApp.run("UPDATE users SET name = 'new' WHERE id = 42");
                oldApp.run("COMMIT");

                for (Future<Integer> each : ours) {
                    assertThat(each.get(30, TimeUnit.SECONDS)).isEqualTo(1);
                }
                assertThat(old.all("SELECT id FROM users WHERE name = 'new' AND \"plan\" = 'ours' ORDER BY id"))
                        .containsExactly("42", "43", "44");
            }
        } finally {
            callers.shutdownNow();
        }
    }

    @Test
    void while_the_server_is_away_those_who_come_together_do_not_wait_for_it_one_after_the_other() throws Exception {
        Vendor server = mock();
        when(server.isServer()).thenReturn(true);
        Database away = mock();
        when(away.vendor()).thenReturn(server);
        when(away.isAway()).thenReturn(true);
        CountDownLatch everybody = new CountDownLatch(1);
        AtomicInteger attempts = new AtomicInteger();
        doAnswer(call -> {
                    attempts.incrementAndGet();
                    everybody.await();
                    throw new DatabaseBusyException("it is away", FailureKind.UNREACHABLE, null);
                })
                .when(away)
                .execute(any());
        GroupCommit together = GroupCommit.unlimited(away);
        ExecutorService callers = Executors.newCachedThreadPool();
        try {
            List<Future<Integer>> all = new ArrayList<>();
            all.add(callers.submit(() -> write(together, 42)));
            while (attempts.get() == 0) {
                Thread.onSpinWait();
            }
            for (int i = 1; i <= 20; i++) {
                all.add(callers.submit(() -> write(together, 43)));
                while (together.waiting() < i) {
                    Thread.onSpinWait();
                }
            }
            everybody.countDown();
            for (Future<Integer> each : all) {
                assertThatThrownBy(() -> each.get(30, TimeUnit.SECONDS))
                        .hasCauseInstanceOf(DatabaseBusyException.class)
                        .hasMessageContaining("it is away");
            }
            assertThat(attempts).hasValue(2);
        } finally {
            callers.shutdownNow();
        }
    }

    private static int write(GroupCommit together, long id) {
        return together.write(
                transaction -> transaction.update(WRITE).bind("id", id).run());
    }

    /** Until it has looked for a deadlock, which it does once. */
    private static void awaitOneThatWaits(PostgresApp old) {
        while (!old.one("SELECT count(*) FROM pg_locks WHERE NOT granted AND clock_timestamp() - waitstart"
                        + " > INTERVAL '100 ms'")
                .equals("1")) {
            Thread.onSpinWait();
        }
    }
}
