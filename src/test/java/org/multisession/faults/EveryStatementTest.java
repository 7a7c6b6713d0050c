package org.multisession.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.db.AnswerCache;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.Transaction;
import org.multisession.faults.FailingStatements.Lasting;
import org.multisession.faults.FailingStatements.Outcome;
import org.multisession.faults.Scene.Act;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.sqlite.SQLiteErrorCode;

/**
 * Disk full, input/output error, read-only, locked: at whatever statement it comes, nothing of what was under way is
 * kept, the reason is said without a secret, and once the fault is gone the same pool of the same process does it.
 *
 * <p>Each of them is had for real: by pragmas, by a folder in the journal's place, by another connection's locks. At a
 * single statement of one's choice they cannot be had so; there the error is put in the statement's place.
 * {@code -Dfaults.error-codes=N} says how many kinds of those (at most 4).
 */
@Tag("faults")
class EveryStatementTest {

    private static final int CODES = Integer.getInteger("faults.error-codes", 1);

    private static final List<SQLiteErrorCode> ERRORS = List.of(
            SQLiteErrorCode.SQLITE_IOERR,
            SQLiteErrorCode.SQLITE_BUSY,
            SQLiteErrorCode.SQLITE_FULL,
            SQLiteErrorCode.SQLITE_READONLY);

    private static final List<String> JOURNALS = List.of("delete", "wal");

    private static int statements;
    private static int full;
    private static int locked;
    private static int readOnly;
    private static int unreadable;

    /** In memory where there is such a folder: it is not about what survives. */
    private final MemoryFolder memory = new MemoryFolder();

    private final Path folder = memory.path();

    @AfterEach
    void remove() {
        memory.close();
    }

    @AfterAll
    static void tell() {
        System.out.printf(
                "Faults at every statement: %d statements failed, %d times the disk was full, %d times it was"
                        + " read-only, %d times it failed, %d times the database was locked; each time nothing was"
                        + " kept, and the next try went through%n",
                statements, full, readOnly, unreadable, locked);
    }

    @ParameterizedTest
    @EnumSource
    void whatever_statement_fails_nothing_is_kept_and_the_next_try_goes_through(Act act) throws Exception {
        for (String journal : JOURNALS) {
            for (SQLiteErrorCode code : ERRORS.subList(0, CODES)) {
                for (Lasting lasting : lastings(journal)) {
                    try (Scene scene = Scene.of(act, folder, journal)) {
                        failAtEach(act, scene, code, lasting);
                    }
                }
            }
        }
    }

    /** At the small size each journal has one of them. */
    private static List<Lasting> lastings(String journal) {
        return CODES > 1
                ? List.of(Lasting.values())
                : List.of(journal.equals("wal") ? Lasting.ONCE : Lasting.TO_THE_END);
    }

    private static void failAtEach(Act act, Scene scene, SQLiteErrorCode code, Lasting lasting) {
        String before = scene.dump();
        int nth = 1;
        while (true) {
            Outcome outcome = FailingStatements.during(nth, code, lasting, scene::play);
            if (outcome.thrown() == null && (!outcome.reached() || !act.swallows())) {
                // A commit that finds the database locked is tried again, and so goes through where that passes.
                assertThat(outcome.reached() && code != SQLiteErrorCode.SQLITE_BUSY)
                        .as("statement %s fails by %s and nobody notices", nth, code)
                        .isFalse();
                break;
            }
            if (!act.swallows()) {
                assertRefused(scene, outcome.thrown(), code == SQLiteErrorCode.SQLITE_BUSY);
            }
            if (act.swallows() && !scene.dump().equals(before)) {
                break;
            }
            assertThat(scene.dump())
                    .as("after statement %s failed by %s", nth, code)
                    .isEqualTo(before);
            nth++;
            statements++;
        }
        assertThat(nth).as("statements that could fail").isGreaterThan(1);
        scene.assertDone();
    }

    private static void assertRefused(Scene scene, @Nullable Throwable thrown, boolean busy) {
        assertThat(thrown).isInstanceOf(busy ? DatabaseBusyException.class : DatabaseException.class);
        assertThat(thrown instanceof DatabaseBusyException).isEqualTo(busy);
        scene.assertTellsNoSecret(thrown);
    }

    /** With one page more to spare each time, so that each page that is needed is once the one that is not there. */
    @ParameterizedTest
    @EnumSource
    void whatever_page_finds_the_disk_full_nothing_is_kept_and_it_goes_through_once_there_is_space(Act act)
            throws Exception {
        for (String journal : JOURNALS) {
            try (Scene scene = Scene.of(act, folder, journal)) {
                String before = scene.dump();
                for (int spare = 0; true; spare++) {
                    limit(scene, spare);
                    Throwable thrown = catchThrowable(scene::play);
                    if (thrown == null && (!act.swallows() || !scene.dump().equals(before))) {
                        break;
                    }
                    if (!act.swallows()) {
                        assertRefused(scene, thrown, false);
                        assertThat(thrown).hasMessageEndingWith("temporary files, is full");
                    }
                    assertThat(scene.dump()).as("with %s pages to spare", spare).isEqualTo(before);
                    full++;
                }
                scene.assertDone();
            }
        }
    }

    private static Path path(Scene scene) {
        return ((SqliteApp) scene.old).path();
    }

    /** Sets how many pages the writing connection may still add; a failure replaces it by one without a limit. */
    private static void limit(Scene scene, int spare) {
        int pages = Integer.parseInt(scene.old.one("PRAGMA page_count"));
        pragma(scene, "max_page_count = " + (pages + spare));
    }

    /** On each connection that writes. */
    private static void pragma(Scene scene, String pragma) {
        Database.Act<Transaction> set = transaction -> {
            try (PreparedStatement statement = transaction.prepare("PRAGMA " + pragma)) {
                statement.execute();
            }
        };
        scene.database.executeAside(new AnswerCache<>(0), List.of(), set);
        scene.database.execute(set);
    }

    @ParameterizedTest
    @EnumSource
    void a_database_that_cannot_be_written_is_said_to_be_so_and_written_once_it_can_be(Act act) throws Exception {
        for (String journal : JOURNALS) {
            try (Scene scene = Scene.of(act, folder, journal)) {
                String before = scene.dump();
                pragma(scene, "query_only = ON");
                Throwable thrown = catchThrowable(scene::play);
                if (act.writes() && !act.swallows()) {
                    assertRefused(scene, thrown, false);
                    assertThat(thrown).hasMessageContaining("read-only");
                    readOnly++;
                }
                assertThat(scene.dump()).isEqualTo(before);
                scene.play();
                scene.assertDone();
            }
        }
    }

    /** A folder in the place of a rollback journal, which every statement looks for: it cannot be read. */
    @ParameterizedTest
    @EnumSource
    void an_error_of_the_disk_is_said_to_be_one_and_the_next_try_goes_through_once_it_is_gone(Act act)
            throws Exception {
        try (Scene scene = Scene.of(act, folder, "delete")) {
            String before = scene.dump();
            Path database = path(scene);
            Path inTheWay = Files.createDirectory(database.resolveSibling(database.getFileName() + "-journal"));
            Throwable thrown = catchThrowable(scene::play);
            if (!act.swallows()) {
                assertRefused(scene, thrown, false);
                assertThat(thrown).hasMessageContaining("the disk could not be read or written");
                unreadable++;
            }
            Files.delete(inTheWay);
            assertThat(scene.dump()).isEqualTo(before);
            scene.play();
            scene.assertDone();
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_database_that_somebody_else_holds_is_busy_and_free_once_he_lets_go(Act act) throws Exception {
        for (String journal : JOURNALS) {
            for (String lock : List.of("BEGIN IMMEDIATE", "BEGIN EXCLUSIVE", "BEGIN")) {
                try (Scene scene = Scene.of(act, folder, journal);
                        SqliteApp other = SqliteApp.open(path(scene))) {
                    String before = scene.dump();
                    other.run(lock);
                    // A reader, where nothing more was asked for: of a rollback journal, it holds up the commit.
                    other.all("SELECT id FROM users");
                    Throwable thrown = catchThrowable(scene::play);
                    if (thrown == null) {
                        assertThat(act.swallows() || !act.writes() || lock.equals("BEGIN"))
                                .isTrue();
                    } else {
                        assertRefused(scene, thrown, true);
                    }
                    other.run("COMMIT");
                    if (thrown != null || act.swallows()) {
                        locked++;
                        if (thrown != null) {
                            assertThat(scene.dump()).isEqualTo(before);
                        }
                        scene.play();
                    }
                    scene.assertDone();
                }
            }
        }
    }
}
