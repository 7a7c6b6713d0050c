package org.multisession.config;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

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
        if (faults.size() == 1) {
            return "one setting is wrong: " + faults.get(0);
        }
        // A line each: six faults in one line are not read to the end.
        return faults.size() + " settings are wrong:"
                + IntStream.range(0, faults.size())
                        .mapToObj(i -> "\n  " + (i + 1) + ". " + faults.get(i))
                        .collect(Collectors.joining());
    }
}
