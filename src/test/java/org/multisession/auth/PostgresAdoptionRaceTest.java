package org.multisession.auth;

import org.multisession.testing.PostgresApp;

class PostgresAdoptionRaceTest extends AdoptionRaceContract {

    @Override
    PostgresApp single() {
        return PostgresApp.makeMigrated("single");
    }

    @Override
    int share(int rounds) {
        return rounds / 3;
    }
}
