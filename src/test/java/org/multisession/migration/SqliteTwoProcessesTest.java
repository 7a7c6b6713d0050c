package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.OldApp;
import org.multisession.testing.SqliteApp;

class SqliteTwoProcessesTest extends TwoProcessesContract {

    @Override
    SqliteApp make(Path home, int number) {
        SqliteApp old = SqliteApp.make(home, "multi");
        old.run("PRAGMA journal_mode=" + (number % 2 == 0 ? "delete" : "wal"));
        return old;
    }

    @Override
    void migrateAtOnce(List<ChildJvm> some, OldApp old) {
        old.run("BEGIN IMMEDIATE");
        for (ChildJvm each : some) {
            assertThat(each.ask("migrate-telling")).isEqualTo("wants the lock");
        }
        old.run("COMMIT");
    }

    @Override
    String committed() {
        return "Migration: committed";
    }
}
