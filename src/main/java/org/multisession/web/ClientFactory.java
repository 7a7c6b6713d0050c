package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import java.util.regex.Pattern;
import org.multisession.session.Client;

/** Identifies the client of a request. */
public final class ClientFactory {

    private static final int MAX_LENGTH = 200;

    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

    private ClientFactory() {}

    /** The address is what Tomcat says: behind a proxy, the {@code RemoteIpValve} vouches for it. */
    public static Client of(HttpServletRequest request) {
        String agent = request.getHeader("User-Agent");
        String device = agent == null ? "" : CONTROL.matcher(agent).replaceAll("?");
        return new Client(request.getRemoteAddr(), device.substring(0, Math.min(MAX_LENGTH, device.length())));
    }
}
