package org.multisession.auth;

import java.time.Duration;
import java.time.InstantSource;
import java.util.function.LongSupplier;
import org.multisession.session.EndedTokenDao;
import org.multisession.session.StateDao;
import org.multisession.session.SweeperLease;
import org.multisession.session.Throttle;
import org.multisession.testing.NewApp;

/** What forgets ended tokens, by rules of a test's own: after how long, and in whose turn. */
public final class Forgettings {

    private Forgettings() {}

    public static Forgetting of(
            NewApp app, String node, Duration keep, Throttle throttle, LongSupplier salts, InstantSource clock) {
        return new Forgetting(
                app.database,
                new EndedTokenDao(new StateDao()),
                keep,
                new SweeperLease(app.database, new StateDao(), node, clock),
                app.watch,
                throttle,
                salts,
                clock);
    }
}
