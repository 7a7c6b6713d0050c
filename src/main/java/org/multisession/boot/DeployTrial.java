package org.multisession.boot;

import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.multisession.auth.PlayedSignIn;
import org.multisession.config.Settings;
import org.multisession.db.Database;
import org.multisession.db.Transaction;
import org.multisession.migration.MigrationRefusedException;
import org.multisession.migration.Trial;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.Stage;

/** Refuses a database on which nobody could sign in, out or up in the stage of the settings. */
public final class DeployTrial implements Trial {

    private final PlayedSignIn played;
    private final Stage stage;

    public DeployTrial(Settings settings, Database database, InstantSource clock) {
        this(settings, settings.stage(), database, clock);
    }

    /** The same for another stage than that of the settings. */
    public DeployTrial(Settings settings, Stage stage, Database database, InstantSource clock) {
        this.stage = stage;
        this.played = new PlayedSignIn(
                database,
                settings.login(),
                new PhoneNumbers(settings.phoneRegion()),
                settings.session(),
                new SecureRandom(),
                clock);
    }

    @Override
    public List<String> play(Transaction transaction, Set<String> userColumns) throws SQLException {
        PlayedSignIn.Result result = played.play(transaction, userColumns, stage);
        PlayedSignIn.Failure cannotWork = result.cannotWork();
        if (cannotWork != null) {
            throw new MigrationRefusedException(cannotWork.act() + " cannot work on this database in stage "
                    + stage.stored() + "; the deploy tried it and rolled it back: " + cannotWork.reason()
                    + ". Change the constraint or the trigger so that it allows this");
        }
        PlayedSignIn.Failure some = result.someCannot();
        return some == null
                ? List.of()
                : List.of(some.act() + " does not work for some users, here "
                        + some.users().stream().map(String::valueOf).collect(Collectors.joining(", ")) + ": "
                        + some.reason());
    }
}
