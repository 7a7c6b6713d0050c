package org.multisession.config;

import java.time.Duration;
import java.util.Optional;
import org.multisession.session.SessionRules;

/** How long sessions live, and what is kept of them. */
final class SessionKeys {

    static final Keys KEYS = new Keys("session.");

    private static final Setting<Optional<Duration>> IDLE_TIMEOUT = KEYS.durationOrNone(
            "idle-timeout",
            "P30D",
            "How long a session may go unused: at least twice the last-seen interval. For sessions older than the first"
                    + " deploy, the clock starts at that deploy");

    private static final Setting<Optional<Duration>> MAX_LIFETIME = KEYS.durationOrNone(
            "max-lifetime",
            "P365D",
            "How long a session may last from its sign-in; for older sessions, from the first deploy");

    private static final Setting<Integer> MAX_PER_USER = KEYS.whole(
            "max-per-user", 50, 1, 10_000, "How many sessions a user may have; the least recently seen one ends first");

    private static final Setting<Duration> LAST_SEEN_INTERVAL = KEYS.duration(
            "last-seen-interval",
            "PT1M",
            Duration.ofSeconds(1),
            Duration.ofDays(1),
            "`last_seen_at` of one session is written at most this often");

    private static final Setting<Optional<Duration>> FRESH_FOR = KEYS.durationOrNone(
            "fresh-for",
            "PT15M",
            "How long after a code a device may sign other devices out without another one. Has no effect with"
                    + " `login.verification=none`, where nothing proves who somebody is");

    private SessionKeys() {}

    static SessionRules rules(SettingReader reader) {
        SessionRules rules = new SessionRules(
                        reader.get(IDLE_TIMEOUT).orElse(null),
                        reader.get(MAX_LIFETIME).orElse(null),
                        reader.get(MAX_PER_USER),
                        reader.get(LAST_SEEN_INTERVAL))
                .freshFor(reader.get(FRESH_FOR).orElse(null));
        Duration idle = rules.idleTimeout();
        if (idle != null && idle.compareTo(rules.lastSeenInterval().multipliedBy(2)) < 0) {
            reader.fault(IDLE_TIMEOUT.key() + " must be at least twice " + LAST_SEEN_INTERVAL.key()
                    + ": otherwise a session in use would expire before its use is written");
        }
        return rules;
    }
}
