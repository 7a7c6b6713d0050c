package org.multisession.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A command that was run in this JVM, and what it printed. */
record CommandRun(int code, String out, String err) {

    /** One with nobody at the terminal. */
    static CommandRun of(List<String> arguments, Map<String, String> environment, InstantSource clock) {
        return of(arguments, environment, clock, null);
    }

    /** One with somebody at the terminal who answers questions. */
    static CommandRun of(
            List<String> arguments,
            Map<String, String> environment,
            InstantSource clock,
            @Nullable UnaryOperator<@Nullable String> ask) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(
                arguments,
                new Terminal(
                        environment,
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        clock,
                        ask));
        return new CommandRun(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
