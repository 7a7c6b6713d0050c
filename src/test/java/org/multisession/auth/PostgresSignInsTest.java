package org.multisession.auth;

import org.multisession.testing.PostgresApp;

class PostgresSignInsTest extends SignInsContract {

    @Override
    PostgresApp single() {
        return PostgresApp.makeMigrated("single");
    }
}
