package org.multisession.web;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Knows the id of the request that a thread is serving, for the log. Safe for use by many threads. */
public final class RequestIds {

    /** Name of the request attribute with the id; an access log shows it by {@code %{org.multisession.requestId}r}. */
    public static final String ATTRIBUTE = "org.multisession.requestId";

    private final ThreadLocal<@Nullable String> current = new ThreadLocal<>();

    /** The id of the request that this thread serves; empty where it serves none. */
    public Optional<String> current() {
        return Optional.ofNullable(current.get());
    }

    /** From now on this thread serves that request, or none. */
    void set(@Nullable String id) {
        // Tomcat's threads outlive the application: no object of ours stays with them, and to remove the entry would
        // take longer than all the rest.
        current.set(id);
    }
}
