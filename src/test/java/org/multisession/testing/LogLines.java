package org.multisession.testing;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What the application logs while this is open, of any level from INFO on, with its exceptions. */
public final class LogLines extends Handler implements AutoCloseable {

    private final List<String> lines = new CopyOnWriteArrayList<>();
    // Held here, or the handler would go with it.
    private final Logger logger;

    public LogLines() {
        this("org.multisession");
    }

    /** What somebody else logs. */
    public LogLines(String name) {
        logger = Logger.getLogger(name);
        setLevel(Level.INFO);
        logger.addHandler(this);
    }

    /** The lines so far, in order. */
    public List<String> all() {
        return List.copyOf(lines);
    }

    /** Those of one level. */
    public List<String> of(Level level) {
        return lines.stream()
                .filter(line -> line.startsWith(level.getName() + " "))
                .toList();
    }

    @Override
    public void publish(LogRecord entry) {
        Throwable thrown = entry.getThrown();
        lines.add(entry.getLevel().getName() + " " + entry.getMessage() + (thrown == null ? "" : " " + thrown));
    }

    @Override
    public void flush() {
        // Nothing is held back.
    }

    @Override
    public void close() {
        logger.removeHandler(this);
    }
}
