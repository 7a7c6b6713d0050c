package org.multisession.cli;

import org.multisession.testing.PostgresApp;

class PostgresPersonalDataTest extends PersonalDataContract {

    @Override
    PostgresApp make(String form) {
        return PostgresApp.make(form);
    }
}
