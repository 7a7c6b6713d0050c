package org.multisession.auth;

/**
 * A Bloom filter of hashes, in a fixed amount of memory. What was added is always found. What was not added is rarely
 * found, and under another salt it is other hashes that are. For one thread.
 */
final class HashFilter {

    private static final int PROBES = 7;

    /** With so many bits for each hash, one in ten thousand that was not added is found. */
    private static final long BITS_FOR_EACH = 20;

    private static final int LEAST_BITS = 16;

    /** A sixteenth of the memory, 128 MB at most; for more hashes than fit, more are found that were not added. */
    private static final int MOST_BITS = Math.min(
            30, Long.SIZE - 1 - Long.numberOfLeadingZeros(Runtime.getRuntime().maxMemory() / 2));

    private final long salt;
    private final int shift;
    private final long[] words;

    /** One for up to so many hashes. */
    HashFilter(long most, long salt) {
        long bits = Math.max(0, Math.min(most, 1L << MOST_BITS)) * BITS_FOR_EACH;
        int size = Math.max(LEAST_BITS, Math.min(MOST_BITS, Long.SIZE - Long.numberOfLeadingZeros(bits)));
        this.salt = salt;
        this.shift = Long.SIZE - size;
        this.words = new long[1 << (size - 6)];
    }

    void add(String hash) {
        long place = mixed(hash);
        long step = step(place);
        for (int i = 0; i < PROBES; i++, place += step) {
            int bit = (int) (place >>> shift);
            words[bit >>> 6] |= 1L << bit;
        }
    }

    /** Whether it was added; true also for some that were not. */
    boolean mayHold(String hash) {
        long place = mixed(hash);
        long step = step(place);
        for (int i = 0; i < PROBES; i++, place += step) {
            int bit = (int) (place >>> shift);
            if ((words[bit >>> 6] & 1L << bit) == 0) {
                return false;
            }
        }
        return true;
    }

    private long mixed(String hash) {
        long mixed = salt;
        for (int i = 0; i < hash.length(); i++) {
            mixed = (mixed ^ hash.charAt(i)) * 0x100000001b3L;
        }
        return scattered(mixed);
    }

    private static long step(long place) {
        return scattered(place) | 1;
    }

    /** Every bit of the result depends on every one of the value. */
    private static long scattered(long value) {
        long mixed = (value ^ value >>> 33) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ mixed >>> 33) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ mixed >>> 33;
    }
}
