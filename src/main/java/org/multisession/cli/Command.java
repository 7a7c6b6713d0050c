package org.multisession.cli;

import java.util.List;
import java.util.logging.Level;

/** One thing that can be done from a terminal; {@code Main} has the table of all of them. */
interface Command {

    int DONE = 0;
    int NOT_SAFE = 1;
    int COULD_NOT_RUN = 2;

    /**
     * An option of one command, beside the settings, which every command takes.
     *
     * @param name without the dashes
     * @param values what may follow as {@code =…}, in words; empty for an option without a value
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

    /** What its user should know, in lines of at most 80 characters. */
    String explanation();

    List<Option> options();

    /** From which level on the log of its work is told to its user. */
    default Level told() {
        return Level.INFO;
    }

    /**
     * Does it.
     *
     * @return one of the exit codes above
     * @throws RuntimeException of the kinds that a deploy is refused with, their message being for the user
     */
    int run(Call call);
}
