package org.multisession.cli;

import java.io.PrintStream;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Where a command runs.
 *
 * @param out for results
 * @param err for progress and problems
 * @param ask asks the person at the terminal and returns the answer; null if there is nobody
 */
record Terminal(
        Map<String, String> environment,
        PrintStream out,
        PrintStream err,
        InstantSource clock,
        @Nullable UnaryOperator<@Nullable String> ask) {

    /** Whether the person at the terminal answers this question with yes; false if there is nobody. */
    boolean isConfirmed(String question) {
        String answer = ask == null ? null : ask.apply(question);
        return answer != null && answer.strip().toLowerCase(Locale.ROOT).equals("yes");
    }
}
