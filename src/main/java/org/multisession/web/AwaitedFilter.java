package org.multisession.web;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.multisession.db.Database;

/**
 * Tells the database that a client is waiting, so that a server that has fallen silent costs it seconds and not a
 * minute.
 */
public final class AwaitedFilter extends HttpFilter {

    private final transient Database database;

    public AwaitedFilter(Database database) {
        this.database = database;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        database.<IOException, ServletException>whileAwaited(() -> chain.doFilter(request, response));
    }
}
