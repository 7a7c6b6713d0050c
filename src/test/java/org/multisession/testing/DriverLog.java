package org.multisession.testing;

import java.util.Objects;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What a database driver logs while something runs, each line in the thread and at the moment in which it is logged. */
final class DriverLog {

    private DriverLog() {}

    static void watch(Logger driver, Consumer<String> lines, Runnable work) {
        Level level = driver.getLevel();
        boolean toParents = driver.getUseParentHandlers();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                lines.accept(Objects.requireNonNullElse(entry.getMessage(), ""));
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        driver.setUseParentHandlers(false);
        driver.setLevel(Level.ALL);
        driver.addHandler(handler);
        try {
            work.run();
        } finally {
            driver.removeHandler(handler);
            driver.setLevel(level);
            driver.setUseParentHandlers(toParents);
        }
    }
}
