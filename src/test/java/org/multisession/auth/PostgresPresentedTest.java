package org.multisession.auth;

import org.multisession.testing.PostgresApp;

class PostgresPresentedTest extends PresentedContract {

    @Override
    PostgresApp single() {
        return PostgresApp.make("single");
    }
}
