package org.multisession.boot;

import java.util.List;

/** The settings are not ones to start with. The message names every fault at once; nothing was opened. */
public final class SetupRefusedException extends RuntimeException {

    private final List<String> faults;

    public SetupRefusedException(List<String> faults) {
        // No stack trace: the reader is an operator, and the reason is in the settings, not in the code.
        super(text(faults), null, false, false);
        this.faults = List.copyOf(faults);
    }

    public List<String> faults() {
        return faults;
    }

    private static String text(List<String> faults) {
        return (faults.size() == 1 ? "one setting is wrong: " : faults.size() + " settings are wrong: ")
                + String.join("; ", faults);
    }
}
