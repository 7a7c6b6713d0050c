package org.multisession.config;

import org.multisession.auth.LoginRules;
import org.multisession.auth.LoginRules.Registration;
import org.multisession.auth.LoginRules.Verification;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.Stage;

/** The stage of the move, and who may sign in. */
final class LoginKeys {

    static final Keys KEYS = new Keys("");

    private static final Setting<Stage> STAGE =
            KEYS.choice("stage", Stage.COEXIST, "How far the move is, see [stages of the move](#stages-of-the-move)");

    private static final Setting<Verification> VERIFICATION = KEYS.choice(
            "login.verification",
            Verification.CODE,
            "What proves a number. `code`: a one-time code sent to it. `none`: the number alone signs in; only for closed"
                    + " networks, with a warning at every deploy");

    private static final Setting<Registration> REGISTRATION =
            KEYS.choice("login.registration", Registration.CLOSED, "`open`: an unknown number becomes a new user");

    private static final Setting<String> REGION = KEYS.of(
            "phone.region",
            "RU",
            "the ISO 3166 code of a country, such as RU or DE",
            "The country of numbers typed without a country code",
            text -> Keys.require(text, PhoneNumbers.knowsRegion(text)));

    private LoginKeys() {}

    static Stage stage(SettingReader reader) {
        return reader.get(STAGE);
    }

    static LoginRules rules(SettingReader reader) {
        return new LoginRules(reader.get(VERIFICATION), reader.get(REGISTRATION));
    }

    static String region(SettingReader reader) {
        return reader.get(REGION);
    }
}
