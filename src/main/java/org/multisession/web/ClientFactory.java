package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import org.multisession.session.Client;

/** Tells the client of a request. */
public final class ClientFactory {

    private static final int MAX_LENGTH = 200;

    private ClientFactory() {}

    /** Its address is Tomcat's word: behind a proxy, the {@code RemoteIpValve} vouches for what the proxy says. */
    public static Client of(HttpServletRequest request) {
        String agent = request.getHeader("User-Agent");
        String device = agent == null ? "" : agent.replaceAll("\\p{Cntrl}", "?");
        return new Client(request.getRemoteAddr(), device.substring(0, Math.min(MAX_LENGTH, device.length())));
    }
}
