package org.multisession.web;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a device looks like, for the icon beside its name; only a hint, like the user agent it comes from. */
public enum DeviceKind {
    PHONE,
    TABLET,
    COMPUTER,
    UNKNOWN;

    /**
     * Returns the kind of device that sent this user agent. An Android tablet is one that does not say {@code Mobile}.
     */
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

    /** Android apps do not say which of the two they run on; most often it is a phone. */
    private static boolean isBrowser(String said) {
        return said.startsWith("mozilla/");
    }

    /** Its name in the style sheet. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
