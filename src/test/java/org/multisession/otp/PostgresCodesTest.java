package org.multisession.otp;

import org.multisession.testing.PostgresApp;

class PostgresCodesTest extends CodesContract {

    @Override
    PostgresApp single() {
        return PostgresApp.makeMigrated("single");
    }

    @Override
    PostgresApp quick() {
        return PostgresApp.makeMigrated("single");
    }

    @Override
    int tries() {
        return 10_000;
    }
}
