package org.multisession.testing;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * Keeps to itself what is logged during a test, and shows it if the test fails. Hundreds of tests provoke errors on
 * purpose: a green build must not look as if something were wrong, and in a red one the log of the failure must not
 * drown. Every test has it, by {@code META-INF/services}.
 */
public final class HeldBackLog
        implements BeforeAllCallback, BeforeEachCallback, TestWatcher, LifecycleMethodExecutionExceptionHandler {

    private static final HeldBack HELD_BACK = new HeldBack();

    private static final class HeldBack extends Handler {

        private static final int MAX = 2000;

        private final Deque<String> entries = new ArrayDeque<>();

        HeldBack() {
            setLevel(Level.INFO);
            setFormatter(new SimpleFormatter());
        }

        @Override
        public synchronized void publish(LogRecord entry) {
            if (isLoggable(entry)) {
                if (entries.size() == MAX) {
                    entries.removeFirst();
                }
                entries.addLast(getFormatter().format(entry));
            }
        }

        synchronized String taken() {
            String all = String.join("", entries);
            entries.clear();
            return all;
        }

        @Override
        public void flush() {
            // Nothing goes anywhere by itself.
        }

        @Override
        public void close() {
            // The JVM ends.
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        Logger root = Logger.getLogger("");
        for (Handler handler : root.getHandlers()) {
            root.removeHandler(handler);
        }
        root.addHandler(HELD_BACK);
        HELD_BACK.taken();
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        HELD_BACK.taken();
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        show(context);
    }

    @Override
    public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable throwable)
            throws Throwable {
        show(context);
        throw throwable;
    }

    @Override
    public void handleAfterAllMethodExecutionException(ExtensionContext context, Throwable throwable) throws Throwable {
        show(context);
        throw throwable;
    }

    private static void show(ExtensionContext context) {
        String log = HELD_BACK.taken();
        if (!log.isEmpty()) {
            System.err.printf("Logged by %s:%n%s", context.getDisplayName(), log);
        }
    }
}
