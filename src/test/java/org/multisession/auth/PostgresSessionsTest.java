package org.multisession.auth;

import org.multisession.testing.PostgresApp;

class PostgresSessionsTest extends SessionsContract {

    @Override
    PostgresApp single() {
        return PostgresApp.make("single");
    }

    @Override
    PostgresApp multi() {
        return PostgresApp.make("multi");
    }
}
