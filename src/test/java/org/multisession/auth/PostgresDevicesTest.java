package org.multisession.auth;

import org.multisession.testing.PostgresApp;

class PostgresDevicesTest extends DevicesContract {

    @Override
    String id() {
        return "id SERIAL PRIMARY KEY";
    }

    @Override
    PostgresApp single() {
        return PostgresApp.make("single");
    }
}
