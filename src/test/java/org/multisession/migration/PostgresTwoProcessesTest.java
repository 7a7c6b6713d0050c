package org.multisession.migration;

import java.nio.file.Path;
import java.util.List;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.OldApp;
import org.multisession.testing.PostgresApp;

class PostgresTwoProcessesTest extends TwoProcessesContract {

    private static final String WAITING = """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            """;

    @Override
    PostgresApp make(Path home, int number) {
        return PostgresApp.make("multi");
    }

    /** The first that each makes is the table by which they are kept apart; somebody else is making it meanwhile. */
    @Override
    void migrateAtOnce(List<ChildJvm> some, OldApp old) {
        old.run("BEGIN");
        old.run("CREATE TABLE multisession_locks (slot INTEGER PRIMARY KEY)");
        some.forEach(each -> each.say("migrate"));
        try (OldApp looking = old.another()) {
            while (!looking.one(WAITING).equals(String.valueOf(some.size()))) {
                Thread.onSpinWait();
            }
        }
        old.run("ROLLBACK");
    }

    @Override
    String committed() {
        return "Migration: done; it made";
    }
}
