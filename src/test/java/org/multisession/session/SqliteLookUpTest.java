package org.multisession.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.StatementLog;
import org.multisession.testing.TestClock;

/** One statement tells everything of a token. */
class SqliteLookUpTest extends LookUpContract {

    private final MemoryFolder folder = new MemoryFolder();

    @Override
    SqliteApp single() {
        return SqliteApp.make(folder.path(), "single");
    }

    @Override
    int ofALegacyToken() {
        return 1;
    }

    @Override
    int ofAnEndedToken() {
        return 1;
    }

    @Override
    int ofAnUnknownToken() {
        return 1;
    }

    @AfterEach
    void removeTheFolder() {
        folder.close();
    }

    @Test
    void a_request_with_a_token_that_nobody_has_asks_nothing_but_this() {
        try (MemoryFolder own = new MemoryFolder();
                SqliteApp old = SqliteApp.make(own.path(), "single");
                NewApp app = NewApp.deploy(old.claim(), new TestClock())) {
            assertThat(StatementLog.during(
                            () -> assertThat(app.opens("nobodys")).isNull()))
                    .filteredOn(statement ->
                            statement.contains("multisession_tokens") || statement.contains("schema_version"))
                    .singleElement()
                    .asString()
                    .contains("multisession_tokens")
                    .contains("schema_version");
        }
    }
}
