package org.multisession.otp;

import org.multisession.testing.PostgresApp;

class PostgresCodeLimitsTest extends CodeLimitsContract {

    @Override
    PostgresApp single() {
        return PostgresApp.makeMigrated("single");
    }
}
