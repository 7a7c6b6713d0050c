package org.multisession.web;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Addresses from which something may be read. */
public final class AddressRanges {

    /** Those of this machine alone. */
    public static final String LOOPBACK = "loopback";

    private static final String OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

    /** Four octets, or hexadecimal digits and colons: what is no address would be looked up as a name. */
    private static final Pattern LITERAL =
            Pattern.compile(OCTET + "(?:\\." + OCTET + "){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

    private static final Pattern LENGTH = Pattern.compile("[0-9]{1,3}");

    /** All addresses that have the first bits of this one. */
    private record Range(BigInteger address, int bits, int length) {

        boolean holds(byte[] other) {
            int rest = bits - length;
            return other.length * 8 == bits
                    && new BigInteger(1, other).shiftRight(rest).equals(address.shiftRight(rest));
        }
    }

    private final List<Range> ranges;

    private AddressRanges(List<Range> ranges) {
        this.ranges = List.copyOf(ranges);
    }

    /**
     * Reads addresses and networks, as {@code 10.0.0.0/8}, separated by commas; {@value #LOOPBACK} stands for those of this
     * machine, and {@code none} for no address at all.
     *
     * @throws IllegalArgumentException if it is no such list
     */
    public static AddressRanges parse(String text) {
        List<Range> ranges = new ArrayList<>();
        if (!text.equals("none")) {
            for (String part : text.split(",", -1)) {
                if (part.strip().equals(LOOPBACK)) {
                    ranges.add(range("127.0.0.0/8"));
                    ranges.add(range("::1"));
                } else {
                    ranges.add(range(part.strip()));
                }
            }
        }
        return new AddressRanges(ranges);
    }

    private static Range range(String text) {
        int slash = text.indexOf('/');
        byte[] address = bytes(slash < 0 ? text : text.substring(0, slash));
        int bits = address.length * 8;
        int length = slash < 0 ? bits : length(text.substring(slash + 1));
        BigInteger number = new BigInteger(1, address);
        // 10.0.0.1/8 may have been meant as the one or the other.
        boolean hasMore = number.getLowestSetBit() >= 0 && number.getLowestSetBit() < bits - length;
        if (length < 0 || length > bits || hasMore) {
            throw new IllegalArgumentException();
        }
        return new Range(number, bits, length);
    }

    private static int length(String text) {
        if (!LENGTH.matcher(text).matches()) {
            throw new IllegalArgumentException();
        }
        return Integer.parseInt(text);
    }

    private static byte[] bytes(String text) {
        if (!LITERAL.matcher(text).matches()) {
            throw new IllegalArgumentException();
        }
        try {
            return InetAddress.getByName(text).getAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** Whether this address, as Tomcat tells it, is one of these; what is no address is not. */
    public boolean hold(String address) {
        byte[] bytes;
        try {
            // Without the zone of a link-local address.
            bytes = bytes(address.replaceFirst("%.*", ""));
        } catch (IllegalArgumentException e) {
            return false;
        }
        return ranges.stream().anyMatch(range -> range.holds(bytes));
    }
}
