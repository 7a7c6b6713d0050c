package org.multisession.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.multisession.config.Settings;
import org.multisession.config.SetupRefusedException;
import org.multisession.migration.Progress;

/**
 * One invocation of a command: its settings, checked as at a deploy, and its own options by name.
 *
 * @param options the value of each that was given; empty for one that takes none
 */
record Call(Terminal terminal, Settings settings, Map<String, String> options, Progress progress) {

    boolean has(String option) {
        return options.containsKey(option);
    }

    @Nullable
    String value(String option) {
        return options.get(option);
    }

    /** The SQLite file, for a command that works on nothing else. */
    Path databaseFile() {
        return settings.database()
                .file()
                .orElseThrow(() -> new SetupRefusedException(List.of(
                        "this command works on a SQLite file, and multisession.db.url is " + settings.database())));
    }

    /** Prints a line of the result. */
    void say(String line) {
        terminal.out().println(line);
    }
}
