package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.Database;
import org.multisession.db.Guard;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/**
 * Somebody has rebuilt a table, and the old app has written to it since. A request has looked and found nothing, and before
 * it asks whether the schema is repaired, another one has repaired it.
 */
class MendedMeanwhileTest {

    private final TestClock clock = new TestClock();

    @TempDir
    Path folder;

    /** Has another request repair the schema as soon as the first one has been told that it is not. */
    private static final class MendedByAnother implements Guard {

        private final Database database;
        private final Guard guard;
        private final AtomicBoolean isDone = new AtomicBoolean();

        MendedByAnother(NewApp app) {
            database = app.database;
            guard = app.guard;
        }

        @Override
        public boolean hasSeen(Handle handle, long state) throws SQLException {
            boolean hasSeen = guard.hasSeen(handle, state);
            if (!hasSeen && !isDone.getAndSet(true)) {
                CompletableFuture.runAsync(() -> database.execute(transaction -> {}))
                        .join();
            }
            return hasSeen;
        }

        @Override
        public boolean admits(Transaction transaction) throws SQLException {
            return guard.admits(transaction);
        }

        @Override
        public Runnable mend(Transaction transaction) throws SQLException {
            return guard.mend(transaction);
        }

        @Override
        public boolean isOfARebuild(SQLException failure) {
            return guard.isOfARebuild(failure);
        }
    }

    /** As whoever rebuilds a table does. */
    private static void dropTriggers(SqliteApp old, String table) {
        old.all("SELECT name FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = '" + table + "'")
                .forEach(trigger -> old.dropTrigger(String.valueOf(trigger), table));
    }

    @Test
    void a_session_that_the_old_app_began_meanwhile_is_found() {
        try (SqliteApp old = SqliteApp.make(folder, "multi");
                NewApp app = NewApp.deploy(old.path(), clock)) {
            dropTriggers(old, "user_sessions");
            old.signInMulti(42, "begun-unseen", clock.instant());
            MendedByAnother guard = new MendedByAnother(app);
            app.database.guardBy(guard);
            assertThat(app.opens("begun-unseen")).isEqualTo(42);
            assertThat(guard.isDone).isTrue();
        }
    }

    @Test
    void a_number_that_the_old_app_added_meanwhile_is_found() {
        try (SqliteApp old = SqliteApp.make(folder, "multi");
                NewApp app = NewApp.deploy(old.path(), clock)) {
            PhoneNumber number = Objects.requireNonNull(new PhoneNumbers("RU").read("+79995550123"));
            dropTriggers(old, "users");
            long added = old.addUser(number.text(), null);
            MendedByAnother guard = new MendedByAnother(app);
            app.database.guardBy(guard);
            assertThat(app.owners.of(number)).extracting(user -> user.id()).containsExactly(added);
            assertThat(guard.isDone).isTrue();
        }
    }
}
