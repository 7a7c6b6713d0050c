package org.multisession.session;

/**
 * Who is at the other end of a request, for the list of devices, for limits and the audit trail.
 *
 * @param address the remote address as Tomcat vouches for it, cut to the length of the columns that it is written into: a
 *     proxy may add a port, or an interface its name
 * @param userAgent what the client calls itself, cut to a sensible length
 */
public record Client(String address, String userAgent) {

    private static final int LONGEST_ADDRESS = 45;

    public Client {
        address = address.substring(0, Math.min(LONGEST_ADDRESS, address.length()));
    }
}
