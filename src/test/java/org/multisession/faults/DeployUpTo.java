package org.multisession.faults;

import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.multisession.session.Stage;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.NamedDatabase;
import org.multisession.testing.NewApp;

/**
 * A deploy in a process of its own that waits for its death before the statement of a certain number, then having said
 * {@code here}; or that says {@code deployed}, if it has no more than that.
 */
public final class DeployUpTo {

    private DeployUpTo() {}

    /** The arguments are the database, the stage and the number of the statement. */
    public static void main(String[] arguments) {
        Logger.getLogger("org.multisession").setLevel(Level.WARNING);
        int fatal = Integer.parseInt(arguments[2]);
        AtomicInteger statements = new AtomicInteger();
        NamedDatabase.watch(
                () -> {
                    if (statements.incrementAndGet() == fatal) {
                        ChildJvm.waitForDeath("here");
                    }
                },
                () -> NewApp.deploy(
                                NamedDatabase.claim(arguments[0]),
                                AppAtWork.RULES,
                                Stage.valueOf(arguments[1]),
                                InstantSource.system())
                        .close());
        System.out.println("deployed");
    }
}
