package org.multisession.auth;

import org.multisession.testing.PostgresApp;

class PostgresForgettingTest extends ForgettingContract {

    @Override
    PostgresApp single() {
        return PostgresApp.makeMigrated("single");
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
