package org.multisession.cli;

import java.util.List;
import java.util.Set;
import java.util.logging.Level;

/** A command of the WAR; {@code Main} has the table of all of them. */
interface Command {

    int DONE = 0;
    int NOT_SAFE = 1;
    int COULD_NOT_RUN = 2;

    /**
     * An option of one command, besides the settings, which every command takes.
     *
     * @param name without the dashes
     * @param values a description of what may follow {@code =}; empty for an option without a value
     */
    record Option(String name, String values, String meaning) {

        boolean takesValue() {
            return !values.isEmpty();
        }

        String usage() {
            return "--" + name + (takesValue() ? "=" + values : "");
        }
    }

    String name();

    /** What it does, in one line. */
    String summary();

    /** What the user should know, in lines of at most 80 characters. */
    String explanation();

    List<Option> options();

    /** Environment variables that hold a secret for this command and are no settings. They are no options either. */
    default Set<String> secrets() {
        return Set.of();
    }

    /** The level from which its log is shown to the user. */
    default Level told() {
        return Level.INFO;
    }

    /** What a failure has left as it was, for its message. */
    default String kept() {
        return "the database was not changed";
    }

    /**
     * Runs it.
     *
     * @return one of the exit codes above
     * @throws RuntimeException of the kinds that refuse a deploy, with a message for the user
     */
    int run(Call call);
}
