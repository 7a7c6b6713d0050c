package org.multisession.config;

import java.time.Duration;

/** The audit trail, and what has ended. */
final class AuditKeys {

    static final Keys KEYS = new Keys("audit.");

    private static final Setting<Duration> KEEP = KEYS.duration(
            "keep",
            "P180D",
            Duration.ofDays(1),
            Duration.ofDays(3650),
            "How long `auth_events` records who signed in and out, and how long unused legacy tokens are remembered,"
                    + " and what has ended once it stands nowhere any more");

    private AuditKeys() {}

    static Duration keep(SettingReader reader) {
        return reader.get(KEEP);
    }
}
