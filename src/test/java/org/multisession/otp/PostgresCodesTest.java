package org.multisession.otp;

import org.multisession.testing.PostgresApp;

class PostgresCodesTest extends CodesContract {

    @Override
    PostgresApp single() {
        return PostgresApp.make("single");
    }

    @Override
    PostgresApp quick() {
        return PostgresApp.make("single");
    }
}
