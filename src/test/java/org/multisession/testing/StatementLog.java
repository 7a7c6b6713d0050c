package org.multisession.testing;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** The statements that reach SQLite, in the text and the moment in which they do: its driver logs each one. */
public final class StatementLog {

    private static final String MARK = "[SQLite EXEC]";

    /** Held here, because the log manager forgets a logger that nobody holds. */
    private static final Logger DRIVER = Logger.getLogger("org.sqlite.core.NativeDB");

    private StatementLog() {}

    /** All statements that are prepared while this runs. */
    public static List<String> during(Runnable work) {
        List<String> statements = Collections.synchronizedList(new ArrayList<>());
        watch(statements::add, work);
        return statements;
    }

    /** Tells of every statement just before it is prepared, in the thread that does it. */
    public static void watch(Consumer<String> before, Runnable work) {
        Level level = DRIVER.getLevel();
        boolean toParents = DRIVER.getUseParentHandlers();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                String message = Objects.requireNonNullElse(entry.getMessage(), "");
                int start = message.indexOf(MARK);
                if (start >= 0) {
                    before.accept(message.substring(start + MARK.length()).strip());
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        DRIVER.setUseParentHandlers(false);
        DRIVER.setLevel(Level.ALL);
        DRIVER.addHandler(handler);
        try {
            work.run();
        } finally {
            DRIVER.removeHandler(handler);
            DRIVER.setLevel(level);
            DRIVER.setUseParentHandlers(toParents);
        }
    }
}
