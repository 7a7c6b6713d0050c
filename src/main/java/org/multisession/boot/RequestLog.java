package org.multisession.boot;

import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.multisession.web.RequestIds;

/**
 * Puts the id of the request in front of each line that is logged while it is served. SLF4J on java.util.logging has no
 * diagnostic context of its own; but a record meets the handlers of its own loggers before those of Tomcat, which write it.
 */
final class RequestLog extends Handler {

    /** Held, or they might be collected with their handler. */
    private final List<Logger> loggers =
            List.of(Logger.getLogger("org.multisession"), Logger.getLogger("com.zaxxer.hikari"));

    private final RequestIds ids;

    RequestLog(RequestIds ids) {
        this.ids = ids;
        loggers.forEach(logger -> logger.addHandler(this));
    }

    @Override
    public void publish(LogRecord entry) {
        ids.current().ifPresent(id -> entry.setMessage("[" + id + "] " + entry.getMessage()));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        loggers.forEach(logger -> logger.removeHandler(this));
    }
}
