package org.multisession.web;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a device looks like, for the picture beside its name; a hint, as the user agent that it is told by. */
public enum DeviceKind {
    PHONE,
    TABLET,
    COMPUTER,
    UNKNOWN;

    /** Of what sent this user agent. A tablet with Android is one that does not say {@code Mobile}. */
    public static DeviceKind of(@Nullable String agent) {
        String said = agent == null ? "" : agent.toLowerCase(Locale.ROOT);
        boolean isAndroid = said.contains("android");
        if (said.contains("ipad")
                || said.contains("tablet")
                || (isAndroid && isBrowser(said) && !said.contains("mobile"))) {
            return TABLET;
        }
        if (isAndroid || said.contains("iphone") || said.contains("ipod") || said.contains("mobile")) {
            return PHONE;
        }
        boolean isComputer = said.contains("windows")
                || said.contains("macintosh")
                || said.contains("macos")
                || said.contains("linux")
                || said.contains("x11")
                || said.contains("cros");
        return isComputer ? COMPUTER : UNKNOWN;
    }

    /** Apps of Android do not say which of both they run on; most often it is a phone. */
    private static boolean isBrowser(String said) {
        return said.startsWith("mozilla/");
    }

    /** As the page's style names it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
