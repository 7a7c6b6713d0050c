package org.multisession.auth;

import org.multisession.testing.PostgresApp;

class PostgresStagesTest extends StagesContract {

    @Override
    PostgresApp single() {
        return PostgresApp.make("single");
    }
}
