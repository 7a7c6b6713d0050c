package org.multisession.auth;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.TestClock;

/** Our app, deployed on a fresh database of the old app before each test. */
abstract class DeployedContract {

    final TestClock clock = new TestClock();
    OldApp old;
    NewApp app;

    /** A fresh database of the old app, in its single form. */
    abstract OldApp single();

    @BeforeEach
    void deployOnTheOldDatabase() {
        old = single();
        app = deploy(Stage.COEXIST);
    }

    @AfterEach
    void undeploy() {
        app.close();
        old.close();
    }

    NewApp deploy(Stage stage) {
        return NewApp.deploy(old.claim(), rules(), stage, clock);
    }

    SessionRules rules() {
        return NewApp.RULES;
    }

    final void redeploy(Stage stage) {
        app.close();
        app = deploy(stage);
    }
}
