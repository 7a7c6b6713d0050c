package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.multisession.db.Database;
import org.multisession.db.Source;
import org.multisession.migration.postgres.PostgresMigrator;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;

class PostgresForgettingTest extends ForgettingContract {

    @Override
    PostgresApp single() {
        return PostgresApp.makeMigrated("single");
    }

    /** For which the driver has a type of its own. */
    @Test
    void a_token_in_a_column_that_is_blind_to_case_is_found_by_its_hash() {
        undeploy();
        PostgresApp made = PostgresApp.make("single");
        old = made;
        old.run("CREATE EXTENSION citext; ALTER TABLE users ALTER COLUMN auth_token TYPE CITEXT");
        try (Source server = made.claim();
                Database database = Database.open(server, 2, Duration.ofSeconds(5))) {
            new PostgresMigrator(database, clock).migrate();
        }
        app = NewApp.deploy(old.claim(), NewApp.RULES, clock);
        String token = app.signIn("+79991234567");
        app.close();
        app = NewApp.deploy(old.claim(), NewApp.RULES, Stage.SETTLE, clock);
        app.signOut(token);
        assertThat(old.legacyTokenOf(42)).isEqualTo(token);
        assertThat(look(30)).isZero();
        assertThat(app.opens(token)).isNull();
    }

    @Override
    void rebuildUsers() {
        old.run("""
                BEGIN;
                CREATE TABLE users_new (LIKE users INCLUDING DEFAULTS);
                ALTER TABLE users_new ADD PRIMARY KEY (id);
                INSERT INTO users_new SELECT * FROM users;
                DROP TABLE users CASCADE;
                ALTER TABLE users_new RENAME TO users;
                COMMIT
                """);
    }
}
