package org.multisession.boot;

import java.time.Instant;
import org.multisession.config.Settings;
import org.multisession.otp.Delivery;
import org.multisession.session.Stage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Warns at each deploy of settings by which somebody could sign in as another, or send codes at the team's cost. */
final class RiskySettings {

    private static final Logger log = LoggerFactory.getLogger(RiskySettings.class);

    private RiskySettings() {}

    static void warnOf(Settings settings, Instant now) {
        switch (settings.login().verification()) {
            case CODE -> {
                if (settings.sms().gateway() == null) {
                    log.warn("multisession.sms.sender = log: codes go to this log and to nobody's phone."
                            + " Use this only for trying things out");
                }
                warnOf(settings.code().delivery(), now);
                if (settings.stage() == Stage.COEXIST) {
                    log.warn(
                            "multisession.login.verification = code proves nothing if the old app signs in by the number"
                                    + " alone: its sessions are accepted here. Have the proxy send its sign-in here, as"
                                    + " docs/proxy.md shows");
                }
            }
            case NONE ->
                log.warn("multisession.login.verification = none: anyone who knows a phone number can sign in with it."
                        + " Use this only in closed networks");
        }
    }

    private static void warnOf(Delivery delivery, Instant now) {
        if (delivery.recordOnly()) {
            log.warn("multisession.limit.record-only = true: limits are counted and not applied. Codes may cost any"
                    + " amount of money");
        }
        for (Delivery.TestNumber test : delivery.testNumbers()) {
            if (test.isOver(now)) {
                log.warn(
                        "multisession.login.test-numbers: the last day of one, {}, is over, and it is an ordinary number"
                                + " now. Remove it",
                        test.until());
            } else {
                log.warn(
                        "multisession.login.test-numbers: whoever knows the code of one can sign in with it until {}",
                        test.until());
            }
        }
    }
}
