package org.multisession.db;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
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
