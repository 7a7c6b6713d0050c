package org.multisession.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * While open, shows the log to the user of a command as plain lines, without times and class names, and without what
 * the connection pools log.
 */
final class PlainLog extends Handler implements AutoCloseable {

    private final PrintStream err;
    private final Level told;
    // Held here, or the loggers would be garbage-collected together with their levels.
    private final Logger root = Logger.getLogger("");
    private final Logger pools = Logger.getLogger("com.zaxxer.hikari");
    private final List<Handler> before = List.of(root.getHandlers());
    private final Level poolsBefore = pools.getLevel();

    PlainLog(PrintStream err, Level told) {
        this.err = err;
        this.told = told;
        before.forEach(root::removeHandler);
        root.addHandler(this);
        pools.setLevel(Level.OFF);
    }

    @Override
    public void publish(LogRecord entry) {
        int level = entry.getLevel().intValue();
        if (level >= told.intValue()) {
            // The driver of PostgreSQL leaves it to the log to put its values into a message.
            String message = new SimpleFormatter().formatMessage(entry);
            err.println((level >= Level.WARNING.intValue() ? "Warning: " : "") + message);
        }
    }

    @Override
    public void flush() {
        err.flush();
    }

    @Override
    public void close() {
        root.removeHandler(this);
        before.forEach(root::addHandler);
        pools.setLevel(poolsBefore);
    }
}
