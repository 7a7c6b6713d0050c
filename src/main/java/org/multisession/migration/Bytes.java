package org.multisession.migration;

import java.util.Locale;

/** Sizes for people. */
public final class Bytes {

    static final long MEBIBYTE = 1024 * 1024;

    private Bytes() {}

    /** For example {@code 336.6 MB}. */
    public static String inWords(long bytes) {
        if (bytes < MEBIBYTE) {
            return Math.max(1, bytes / 1024) + " KB";
        }
        double megabytes = (double) bytes / MEBIBYTE;
        return megabytes < 1024
                ? String.format(Locale.ROOT, "%.1f MB", megabytes)
                : String.format(Locale.ROOT, "%.1f GB", megabytes / 1024);
    }
}
