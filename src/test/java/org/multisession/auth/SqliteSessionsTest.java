package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;

class SqliteSessionsTest extends SessionsContract {

    @TempDir
    Path first;

    @TempDir
    Path second;

    @Override
    SqliteApp single() {
        return SqliteApp.make(first, "single");
    }

    @Override
    SqliteApp multi() {
        return SqliteApp.make(second, "multi");
    }

    @Override
    void refuseChanges(long userId) {
        for (String change : new String[] {"UPDATE", "DELETE"}) {
            old.run("CREATE TRIGGER no_" + change + " BEFORE " + change + " ON user_sessions WHEN OLD.user_id = "
                    + userId + " BEGIN SELECT RAISE(ABORT, 'as it is'); END");
        }
    }

    @Override
    void leaveOutSessions(long userId) {
        old.run("CREATE TRIGGER left_out BEFORE INSERT ON user_sessions WHEN NEW.user_id = " + userId
                + " BEGIN SELECT RAISE(IGNORE); END");
    }

    @Override
    void removeSessionsWithoutTime() {
        old.run("CREATE TRIGGER removed AFTER INSERT ON user_sessions WHEN NEW.created_at IS NULL"
                + " BEGIN DELETE FROM user_sessions WHERE id = NEW.id; END");
    }

    @Test
    void an_old_token_that_its_column_keeps_as_a_number_is_adopted_as_any_other() {
        app.close();
        old.run("ALTER TABLE users RENAME COLUMN auth_token TO was_token");
        old.run("ALTER TABLE users ADD COLUMN auth_token NUMERIC");
        old.run("UPDATE users SET auth_token = 1234567890 WHERE id = 42");
        app = deploy(NewApp.RULES);
        assertThat(app.opens("1234567890")).isEqualTo(42);
        app.signIn(ANNA);
        assertThat(app.opens("1234567890")).isEqualTo(42);
    }

    @Test
    void a_session_whose_times_are_whole_numbers_lives_from_the_first_deploy_on() {
        app.close();
        old.close();
        old = multi();
        old.run("INSERT INTO user_sessions VALUES (100, 42, 'integer', 1000, 1000)");
        app = deploy(NewApp.RULES);
        assertThat(app.opens("integer")).isEqualTo(42);
        app.lastSeen.flush();
        clock.advance(Duration.ofDays(29));
        assertThat(app.opens("integer")).isEqualTo(42);
        app.lastSeen.flush();
        clock.advance(Duration.ofDays(31));
        assertThat(app.opens("integer")).isNull();
    }

    @Test
    void a_session_that_a_trigger_of_the_team_ends_when_another_is_used_is_refused_at_once() {
        String phone = app.signIn(ANNA);
        String tablet = app.signIn(ANNA);
        old.run("CREATE TRIGGER one_at_a_time AFTER UPDATE OF last_seen_at ON user_sessions BEGIN"
                + " DELETE FROM user_sessions WHERE user_id = NEW.user_id AND id <> NEW.id; END");
        assertThat(app.opens(tablet)).isEqualTo(42);
        clock.advance(Duration.ofMinutes(5));
        assertThat(app.opens(phone)).isEqualTo(42);
        app.lastSeen.flush();
        assertThat(app.opens(tablet)).isNull();
    }

    @Test
    void of_many_sessions_that_are_used_at_once_each_turn_writes_some_and_all_are_written_in_the_end() {
        app.close();
        old.close();
        old = multi();
        old.run(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) INSERT INTO user_sessions"
                        + " SELECT 1000 + i, 42, 'many-' || i, '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000' FROM n");
        app = deploy(NewApp.RULES);
        for (int i = 1; i <= 6000; i++) {
            assertThat(app.opens("many-" + i)).isEqualTo(42);
        }
        app.lastSeen.flushSome();
        assertThat(app.lastSeen.backlog()).isEqualTo(1000);
        // Whoever comes later does so again, and waits for those who came before.
        for (int i = 1; i <= 10; i++) {
            app.opens("many-" + i);
        }
        app.lastSeen.flushSome();
        app.lastSeen.flushSome();
        assertThat(app.lastSeen.backlog()).isZero();
        assertThat(old.one("SELECT count(*) FROM user_sessions WHERE last_seen_at < '2026-01-01 00:00:00.000001'"))
                .isEqualTo("0");
    }

    @Nested
    @DisplayName("Rows that are replaced, for which no DELETE trigger fires")
    class ReplacedRows {

        @Test
        void a_session_whose_row_another_one_took_stays_out_when_it_is_put_back() {
            String phone = app.signIn(ANNA);
            // No DELETE trigger fires for a row that is replaced.
            old.run(
                    "INSERT OR REPLACE INTO user_sessions (id, user_id, auth_token) VALUES (?, 43, 'boris')",
                    idOf(phone));
            assertThat(app.opens(phone)).isNull();
            assertThat(app.opens("boris")).isEqualTo(43);
            old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, ?)", phone);
            assertThat(app.opens(phone)).isNull();
            old.run("DELETE FROM user_sessions WHERE auth_token = ?", phone);
            assertThat(old.legacyTokenOf(42)).isEqualTo(phone);
            assertThat(app.opens(phone)).isNull();
            assertThat(app.opens("boris")).isEqualTo(43);
        }

        @Test
        void the_same_where_a_row_gets_the_id_of_another_one() {
            for (String name : new String[] {"id", "rowid", "_rowid_", "oid"}) {
                String phone = app.signIn(ANNA);
                String laptop = app.signIn(ANNA);
                old.run(
                        "UPDATE OR REPLACE user_sessions SET " + name + " = ? WHERE auth_token = ?",
                        idOf(phone),
                        laptop);
                old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, ?)", phone);
                assertThat(app.opens(phone)).as(name).isNull();
                assertThat(app.opens(laptop)).as(name).isEqualTo(42);
            }
        }

        @Test
        void the_same_where_a_row_gets_the_token_of_another_one() {
            String phone = app.signIn(ANNA);
            old.signInMulti(43, "boris", clock.instant());
            old.run("UPDATE OR REPLACE user_sessions SET auth_token = 'boris' WHERE auth_token = ?", phone);
            assertThat(app.opens(phone)).isNull();
            assertThat(app.opens("boris")).isNull();
            old.run("UPDATE user_sessions SET user_id = 43 WHERE auth_token = 'boris'");
            assertThat(app.opens("boris")).isNull();
        }

        @Test
        void a_session_whose_row_is_replaced_by_itself_lives_on_whoever_gets_its_former_id() {
            String phone = app.signIn(ANNA);
            String former = idOf(phone);
            app.signIn(ANNA);
            old.run("INSERT OR REPLACE INTO user_sessions (user_id, auth_token) VALUES (42, ?)", phone);
            assertThat(idOf(phone)).isNotEqualTo(former);
            assertThat(app.opens(phone)).isEqualTo(42);
            old.run("INSERT INTO user_sessions (id, user_id, auth_token) VALUES (?, 43, 'boris')", former);
            assertThat(app.opens(phone)).isEqualTo(42);
            assertThat(app.opens("boris")).isEqualTo(43);
        }

        @Test
        void a_session_that_was_replaced_by_another_users_stays_out_when_it_is_replaced_back() {
            String laptop = app.signIn(ANNA);
            old.run("INSERT OR REPLACE INTO user_sessions (user_id, auth_token) VALUES (43, ?)", laptop);
            old.run("INSERT OR REPLACE INTO user_sessions (user_id, auth_token) VALUES (42, ?)", laptop);
            assertThat(app.opens(laptop)).isNull();
        }

        @Test
        void the_cookie_of_a_user_whose_row_is_replaced_does_not_open_the_next_ones_account() {
            long bob = old.addUser("+79990000001", null);
            String bobs = app.signIn("+79990000001");
            old.run("INSERT OR REPLACE INTO users (id, phone) VALUES (?, '+79990000002')", bob);
            assertThat(app.opens(bobs)).isNull();
        }

        private String idOf(String token) {
            return old.one("SELECT id FROM user_sessions WHERE auth_token = ?", token);
        }
    }
}
