package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.session.EndedTokenDao;
import org.multisession.session.EndedTokenDao.Column;
import org.multisession.session.StateDao;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;

class SqliteForgettingTest extends ForgettingContract {

    @TempDir
    Path folder;

    @Override
    SqliteApp single() {
        return SqliteApp.make(folder, "single");
    }

    @Override
    void rebuildUsers() {
        old.run("""
                PRAGMA foreign_keys = OFF; BEGIN;
                CREATE TABLE users_new AS SELECT * FROM users;
                DROP TABLE users;
                CREATE TABLE users (id INTEGER NOT NULL, phone VARCHAR(20) NOT NULL, auth_token VARCHAR(128),
                  "plan" VARCHAR(50), created_at DATETIME, PRIMARY KEY (id));
                INSERT INTO users (id, phone, auth_token) SELECT id, phone, auth_token FROM users_new;
                DROP TABLE users_new; COMMIT
                """);
    }

    @Test
    void a_vacuum_holds_nothing_up() {
        String token = app.signIn("+7 999 123-45-67");
        app.signIn("+7 999 123-45-67");
        app.signOut(token);
        for (int day = 0; day <= KEEP.toDays(); day++) {
            old.run("VACUUM");
            look(1);
        }
        assertThat(old.all("SELECT 1 FROM multisession_tokens WHERE auth_token = ?", token))
                .isEmpty();
    }

    @Test
    void a_page_ends_behind_all_tokens_that_a_collation_takes_for_equal() {
        List<String> tokens = List.of("a", "A", "b", "B", "c", "C", "d");
        List<String> seen = new ArrayList<>();
        EndedTokenDao dao = new EndedTokenDao(new StateDao());
        try (SqliteApp blind = SqliteApp.open(folder.resolve("blind.db"))) {
            blind.run("CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT COLLATE NOCASE)");
            for (int i = 0; i < tokens.size(); i++) {
                blind.addUserAs(i + 1, "+7900000000" + i, tokens.get(i));
            }
            try (NewApp beside = NewApp.deploy(blind.claim(), NewApp.RULES, clock)) {
                String last = "";
                while (last != null) {
                    String from = last;
                    last = beside.database.find(
                            handle -> dao.standing(handle, Column.OF_USERS, from, 1, token -> seen.add(token.text())));
                }
            }
        }
        assertThat(seen).containsAll(tokens);
    }

    @Test
    void nothing_is_noted_where_tokens_may_be_numbers() {
        try (SqliteApp numbers = SqliteApp.open(folder.resolve("numbers.db"))) {
            numbers.run("CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token NUMERIC)");
            numbers.addUserAs(1, "+79000000001", "123456789");
            try (NewApp beside = NewApp.deploy(numbers.claim(), NewApp.RULES, clock)) {
                EndedTokenDao dao = new EndedTokenDao(new StateDao());
                Optional<EndedTokenDao.Look> look =
                        beside.database.write(transaction -> dao.begin(transaction, clock.instant()));
                assertThat(look).isEmpty();
            }
        }
    }
}
