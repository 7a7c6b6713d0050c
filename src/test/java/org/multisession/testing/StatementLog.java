package org.multisession.testing;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
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
        DriverLog.watch(
                DRIVER,
                line -> {
                    int start = line.indexOf(MARK);
                    if (start >= 0) {
                        before.accept(line.substring(start + MARK.length()).strip());
                    }
                },
                work);
    }
}
