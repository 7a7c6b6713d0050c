package org.multisession.cli;

import java.util.List;
import org.multisession.auth.PersonalData;
import org.multisession.user.User;

/** Removes what is kept of one user. */
final class ForgetCommand extends PersonalDataCommand {

    private static final String DRY_RUN = "dry-run";

    @Override
    public String name() {
        return "forget";
    }

    @Override
    public String summary() {
        return "sign a user out everywhere and remove what is kept of them";
    }

    @Override
    public String explanation() {
        return """
                Signs a user out everywhere and removes everything that Multi-Session keeps of
                them, but for the table users, which is your app's. Run it before you delete the
                user there: afterwards nobody knows which telephone number was theirs.

                Ended tokens stay, without whose they were, because they must never open an
                account again. The audit trail keeps that somebody was forgotten, not who. If it
                is interrupted, run it again. Backups still hold what they held.""";
    }

    @Override
    public List<Option> options() {
        return List.of(new Option(USER, "ID", "the user with this id"), new Option(DRY_RUN, "", "only count"));
    }

    @Override
    public String kept() {
        return "the table users was not changed; run it again to go on";
    }

    @Override
    int run(Call call, PersonalData data, User user) {
        String text = text(data.count(user));
        if (call.has(DRY_RUN)) {
            call.say("Would remove " + text + ". Nothing was changed.");
        } else {
            data.forget(user);
            call.say("Removed " + text + ". The table users was not changed.");
        }
        return DONE;
    }

    private static String text(PersonalData.Amount amount) {
        return Plurals.counted(amount.sessions(), "session") + ", "
                + Plurals.counted(amount.ended(), "ended session") + ", "
                + Plurals.counted(amount.legacyUses(), "legacy token") + ", "
                + Plurals.counted(amount.events(), "event") + ", "
                + Plurals.counted(amount.codes(), "code request") + " and "
                + Plurals.counted(amount.browsers(), "known browser");
    }
}
