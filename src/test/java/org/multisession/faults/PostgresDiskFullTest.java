package org.multisession.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.multisession.db.DatabaseException;
import org.multisession.db.FailureKind;
import org.multisession.db.StorageException;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.SmallDisk;
import org.multisession.testing.SqliteApp;

/**
 * P6: on a server whose disk is full nobody is told of a sign-in that was not kept, whoever is signed in stays so, and
 * all goes on by itself once there is room. The tables are on a small disk of their own; a server that cannot write its
 * log of changes stops, which is another thing ({@link PostgresLogFullTest}).
 */
@Tag("faults")
class PostgresDiskFullTest {

    private static final String ANNA = "+79991234567";

    /** What the script {@code multi} has. */
    private static final String SESSION = "xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic";

    /** More than there is room for in pages that are not full yet. */
    private static final int MANY = 5_000;

    private SmallDisk disk;
    private PostgresApp old;

    @BeforeEach
    void make() {
        disk = SmallDisk.mount(16);
        old = PostgresApp.empty();
        old.run("CREATE TABLESPACE small LOCATION '" + disk.path() + "'");
        old.run("ALTER DATABASE " + old.one("SELECT current_database()") + " SET default_tablespace = small");
        old.run("SET default_tablespace = small");
        old.run(SqliteApp.script("postgres/multi"));
    }

    @AfterEach
    void close() {
        if (old != null) {
            old.close();
            try (PostgresApp another = PostgresApp.empty()) {
                another.run("DROP TABLESPACE small");
            }
            disk.close();
        }
    }

    @Test
    void who_was_told_that_he_is_signed_in_is_and_the_next_one_gets_in_once_there_is_room() {
        List<String> told = new ArrayList<>();
        try (NewApp app = NewApp.deploy(old.claim(), AppAtWork.RULES, InstantSource.system())) {
            String ending = app.signIn(ANNA);
            disk.fill();
            Throwable thrown = null;
            while (thrown == null && told.size() < MANY) {
                thrown = catchThrowable(() -> told.add(app.signIn(ANNA)));
            }
            assertThat(thrown)
                    .isInstanceOf(StorageException.class)
                    .hasMessageContaining("the disk of the database is full")
                    .extracting(failure -> ((StorageException) failure).kind())
                    .isEqualTo(FailureKind.FULL);
            for (int i = 0; i < 20; i++) {
                assertThat(catchThrowable(() -> told.add(app.signIn(ANNA)))).isInstanceOf(DatabaseException.class);
            }
            boolean isEnded = catchThrowable(() -> app.signOut(ending)) == null;
            assertThat(app.opens(ending)).isEqualTo(isEnded ? null : Long.valueOf(42));
            assertThat(told).allMatch(token -> Long.valueOf(42).equals(app.opens(token)));
            assertThat(app.opens(SESSION)).isEqualTo(42);

            disk.makeRoom();
            told.add(app.signIn(ANNA));
            if (!isEnded) {
                app.signOut(ending);
            }
            assertThat(app.opens(ending)).isNull();
            app.kill();
        }
        try (NewApp app = NewApp.deploy(old.claim(), AppAtWork.RULES, InstantSource.system())) {
            assertThat(told).allMatch(token -> Long.valueOf(42).equals(app.opens(token)));
            // The script has two sessions of hers.
            assertThat(old.one("SELECT count(*) FROM user_sessions WHERE user_id = 42"))
                    .isEqualTo(String.valueOf(told.size() + 2));
        }
    }

    @Test
    void a_migration_that_finds_no_room_is_refused_and_the_next_start_goes_on_with_it() {
        disk.fill();
        assertThat(catchThrowable(() -> NewApp.deploy(old.claim(), InstantSource.system())))
                .isInstanceOf(DatabaseException.class)
                .hasMessageContaining("the disk of the database is full");
        assertThat(old.one("SELECT count(*) FROM user_sessions")).isEqualTo("4");
        disk.makeRoom();
        try (NewApp app = NewApp.deploy(old.claim(), InstantSource.system())) {
            assertThat(app.opens(SESSION)).isEqualTo(42);
            assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
        }
    }
}
