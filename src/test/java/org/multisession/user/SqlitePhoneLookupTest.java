package org.multisession.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.multisession.testing.OldApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.StatementLog;

class SqlitePhoneLookupTest extends PhoneLookupContract {

    @TempDir
    Path folder;

    @Override
    SqliteApp old(String phoneType) {
        return SqliteApp.makeBy(
                folder,
                "CREATE TABLE users (id INTEGER PRIMARY KEY, phone " + phoneType
                        + ", email TEXT UNIQUE, auth_token TEXT)");
    }

    @Test
    void no_start_goes_through_the_rows_whatever_they_were_read_by() {
        try (OldApp old = old()) {
            old.run("INSERT INTO users (id, phone) VALUES (1, '+79991234567')");
            List<String> first = StatementLog.during(() -> new App(old, "RU").close());
            assertThat(first).noneMatch(SqlitePhoneLookupTest::changesRows);
            try (App app = new App(old, "RU")) {
                assertThat(app.reading.run(() -> true)).isEqualTo(1);
            }
            assertThat(StatementLog.during(() -> new App(old, "RU").close()))
                    .noneMatch(SqlitePhoneLookupTest::changesRows);
            assertThat(StatementLog.during(() -> new App(old, "DE").close()))
                    .as("by other rules")
                    .noneMatch(SqlitePhoneLookupTest::changesRows);
        }
    }

    private static boolean changesRows(String statement) {
        return statement.startsWith("UPDATE multisession_phones");
    }

    @ParameterizedTest
    @CsvSource({"INTEGER", "REAL", "NUMERIC", "BLOB", "VARCHAR(20)"})
    void a_number_is_found_whatever_its_column_is_declared_as(String type) {
        try (OldApp old = old(type)) {
            old.run("INSERT INTO users (id, phone) VALUES (7, '79991234567'), (8, CAST('79991234568' AS BLOB))");
            try (App app = new App(old, "RU")) {
                app.eitherWay(when -> {
                    assertThat(app.find("8 999 123-45-67")).as(when).containsExactly(7L);
                    assertThat(app.find("8 999 123-45-68")).as(when).containsExactly(8L);
                });
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"ABORT", "FAIL", "ROLLBACK", "IGNORE", "REPLACE"})
    void the_id_of_a_row_that_was_replaced_without_a_trigger_is_free_again(String conflict) {
        try (OldApp old = old();
                App app = new App(old, "RU")) {
            old.run("INSERT INTO users (id, phone, email) VALUES (1, '+79990000001', 'a')");
            old.run("INSERT OR REPLACE INTO users (id, phone, email) VALUES (2, '+79990000002', 'a')");
            old.run("INSERT OR " + conflict + " INTO users (id, phone, email) VALUES (1, '+79990000003', 'b')");
            app.eitherWay(when -> {
                assertThat(app.find("+79990000003")).as(when).containsExactly(1L);
                assertThat(app.find("+79990000001")).as(when).isEmpty();
            });
        }
    }

    @Test
    void an_id_that_is_no_whole_number_fails_nothing() {
        try (OldApp old = SqliteApp.makeBy(folder, "CREATE TABLE users (id INT UNIQUE, phone TEXT, auth_token TEXT)")) {
            try (App app = new App(old, "RU")) {
                old.run("INSERT INTO users (id, phone) VALUES ('x', '+79990000001'), (NULL, '+79990000002'), (3, 'y')");
                old.run("UPDATE users SET phone = '+79990000003' WHERE id IS NULL");
                old.run("UPDATE users SET id = 'z' WHERE id = 3");
                old.run("DELETE FROM users");
                app.eitherWay(
                        when -> assertThat(app.find("+79990000001")).as(when).isEmpty());
                assertThat(old.all("SELECT user_id FROM multisession_phones")).isEmpty();
            }
        }
    }

    @Test
    void a_text_that_is_no_utf_8_is_read_once_and_for_all() {
        try (OldApp old = old();
                App app = new App(old, "RU")) {
            old.run("INSERT INTO users (id, phone) VALUES (7, CAST(x'2b37ff39' AS TEXT))");
            assertThat(app.reading.run(() -> true)).isEqualTo(1);
            assertThat(app.reading.run(() -> true)).isZero();
        }
    }

    @Test
    void the_index_of_earlier_versions_is_gone_after_a_deploy_and_no_other_of_ours_has_an_expression() {
        try (OldApp old = old()) {
            new App(old, "RU").close();
            old.run("CREATE INDEX multisession_users_phone_tail ON users (substr(phone, -7))");
            new App(old, "RU").close();
            assertThat(old.all("SELECT name FROM sqlite_master WHERE name = 'multisession_users_phone_tail'"))
                    .isEmpty();
            // An expression has no name. SQLite before 3.9 could not open a file that has one.
            assertThat(old.all("""
                            SELECT m.name FROM sqlite_master m, pragma_index_info(m.name) i
                            WHERE m.type = 'index' AND i.name IS NULL
                            """)).isEmpty();
        }
    }

    @Test
    void rows_that_are_replaced_without_a_trigger_or_moved_by_the_names_of_their_id_are_followed() {
        try (OldApp old = old();
                App app = new App(old, "RU")) {
            old.run("INSERT INTO users (id, phone, email) VALUES (1, '+79990000003', 'a'), (2, '+79990000002', 'b')");
            old.run("INSERT OR REPLACE INTO users (id, phone, email) VALUES (1, '+79990000004', 'a')");
            app.eitherWay(when -> {
                assertThat(app.find("+79990000003")).as(when).isEmpty();
                assertThat(app.find("+79990000004")).as(when).containsExactly(1L);
            });

            old.run("INSERT OR IGNORE INTO users (id, phone, email) VALUES (1, '+79990000005', 'a')");
            app.eitherWay(when -> assertThat(app.find("+79990000004")).as(when).containsExactly(1L));

            // Replaced by another unique column: row 2 is gone without its trigger.
            old.run("INSERT OR REPLACE INTO users (id, phone, email) VALUES (9, '+79990000002', 'b')");
            app.eitherWay(when -> assertThat(app.find("+79990000002")).as(when).containsExactly(9L));

            // The row id has four names, and each fires only its own trigger.
            old.run("UPDATE users SET rowid = 209 WHERE id = 9");
            app.eitherWay(when -> assertThat(app.find("+79990000002")).as(when).containsExactly(209L));
            old.run("UPDATE users SET _rowid_ = 109 WHERE id = 209");
            app.eitherWay(when -> assertThat(app.find("+79990000002")).as(when).containsExactly(109L));
        }
    }
}
