package org.multisession.config;

import java.time.Duration;

/** How this application stops. */
final class ShutdownKeys {

    static final Keys KEYS = new Keys("shutdown.");

    private static final Setting<Duration> DRAIN = KEYS.duration(
            "drain",
            "PT0S",
            Duration.ZERO,
            Duration.ofMinutes(10),
            "How long `/health` says 503, and everything else is served as ever, before an undeploy or a stop of Tomcat"
                    + " goes on, see [operations.md](operations.md#health-and-logs)");

    private ShutdownKeys() {}

    static Duration drain(SettingReader reader) {
        return reader.get(DRAIN);
    }
}
