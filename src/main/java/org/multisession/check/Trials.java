package org.multisession.check;

import org.multisession.db.Database;
import org.multisession.migration.Trial;
import org.multisession.session.Stage;

/** Creates the trial that a deploy in a stage would play. */
@FunctionalInterface
public interface Trials {

    Trials NONE = (stage, database) -> Trial.NONE;

    Trial of(Stage stage, Database database);
}
