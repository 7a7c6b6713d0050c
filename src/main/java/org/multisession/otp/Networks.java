package org.multisession.otp;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;

/** The network that an address belongs to, for limits. */
public final class Networks {

    /** As some proxies write it: {@code 192.0.2.1:50123}, {@code [2001:db8::1]:50123}. */
    private static final Pattern WITH_PORT = Pattern.compile("^(?:([0-9.]+)|\\[([0-9A-Fa-f:.]+)]):[0-9]+$");

    private Networks() {}

    /** An IPv4 address as it is, or the /64 of an IPv6 address, which is the least that one subscriber gets. */
    public static String of(String told) {
        // A port is another one with each connection.
        String address = WITH_PORT.matcher(told).replaceFirst("$1$2");
        boolean isLiteral = address.matches("[0-9.]+") || address.contains(":");
        if (!isLiteral) {
            return address;
        }
        try {
            InetAddress parsed = InetAddress.getByName(address);
            if (!(parsed instanceof Inet6Address)) {
                return parsed.getHostAddress();
            }
            byte[] bytes = parsed.getAddress();
            Arrays.fill(bytes, 8, 16, (byte) 0);
            return InetAddress.getByAddress(bytes).getHostAddress() + "/64";
        } catch (UnknownHostException e) {
            return address;
        }
    }
}
