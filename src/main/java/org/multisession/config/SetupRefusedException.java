package org.multisession.config;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The settings have faults. The message names all of them; nothing was opened. */
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
        // One line each: nobody reads six faults in one line to the end.
        return faults.size() + " settings are wrong:"
                + IntStream.range(0, faults.size())
                        .mapToObj(i -> "\n  " + (i + 1) + ". " + faults.get(i))
                        .collect(Collectors.joining());
    }
}
