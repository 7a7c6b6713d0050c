package org.multisession.auth;

import org.multisession.testing.PostgresApp;

class PostgresSweeperTest extends SweeperContract {

    @Override
    PostgresApp single() {
        return PostgresApp.makeMigrated("single");
    }
}
