package org.multisession.session;

/**
 * Who is at the other end of a request, for the list of devices, for limits and the audit trail.
 *
 * @param address the remote address as Tomcat vouches for it
 * @param userAgent what the client calls itself, cut to a sensible length
 */
public record Client(String address, String userAgent) {}
