package org.multisession.cli;

import org.multisession.testing.PostgresApp;

class PostgresRevokeTest extends RevokeContract {

    @Override
    PostgresApp make(String form) {
        return PostgresApp.make(form);
    }
}
