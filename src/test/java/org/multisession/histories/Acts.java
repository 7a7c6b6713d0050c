package org.multisession.histories;

import java.util.Random;
import org.multisession.auth.AuthEventDao;
import org.multisession.auth.PersonalData;
import org.multisession.auth.Revocation;
import org.multisession.phone.PhoneNumbers;
import org.multisession.testing.NewApp;
import org.multisession.testing.TestClock;

/**
 * Acts of one theme. Each does something to the database or to our app, and tells the story and the model of it; those
 * that return false found nothing to do it to.
 */
abstract class Acts {

    final History history;
    final World world;
    final Nodes nodes;
    final Promises promises;
    final Checks checks;
    final DatabaseKind kind;
    final Random random;
    final TestClock clock;

    Acts(History history) {
        this.history = history;
        this.world = history.world;
        this.nodes = world.nodes;
        this.promises = world.promises;
        this.checks = history.checks;
        this.kind = world.kind;
        this.random = world.random;
        this.clock = world.clock;
    }

    final void tell(String what) {
        world.tell(what);
    }

    final String story() {
        return world.story();
    }

    final Revocation revocation(NewApp here) {
        return new Revocation(here.database, here.sessions, here.users, () -> true, clock);
    }

    final PersonalData personalData(NewApp here) {
        return new PersonalData(
                here.database, here.sessions, revocation(here), new AuthEventDao(), new PhoneNumbers("RU"), clock);
    }
}
