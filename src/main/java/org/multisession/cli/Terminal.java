package org.multisession.cli;

import java.io.PrintStream;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Where a command runs.
 *
 * @param out what was asked for
 * @param err how it goes, and what went wrong
 * @param ask puts a question to the person at the terminal and returns the answer; null where nobody sits there
 */
record Terminal(
        Map<String, String> environment,
        PrintStream out,
        PrintStream err,
        InstantSource clock,
        @Nullable UnaryOperator<@Nullable String> ask) {}
