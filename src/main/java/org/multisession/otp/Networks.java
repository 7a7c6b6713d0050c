package org.multisession.otp;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/** Whom an address belongs to, as far as limits go. */
public final class Networks {

    private Networks() {}

    /** An IPv4 address as it is; of an IPv6 address its /64, which is what one subscriber gets at least. */
    public static String of(String address) {
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
