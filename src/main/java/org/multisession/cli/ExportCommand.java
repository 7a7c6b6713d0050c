package org.multisession.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.multisession.auth.PersonalData;
import org.multisession.user.User;

/** Prints what is kept of one user. */
final class ExportCommand extends PersonalDataCommand {

    @Override
    public String name() {
        return "export";
    }

    @Override
    public String summary() {
        return "show what is kept of one user, as JSON";
    }

    @Override
    public String explanation() {
        return """
                Prints everything that Multi-Session keeps of one user: sessions and devices,
                what has ended and why, the audit trail, codes that were requested, and browsers
                that have used one. No token, no code and no hash is in it. It only reads.

                Of the table users it shows the id and the phone number. Whatever else stands
                there is your app's to export. A user who is gone from users can be named too.""";
    }

    @Override
    public List<Option> options() {
        return List.of(new Option(USER, "ID", "the user with this id"));
    }

    @Override
    int run(Call call, PersonalData data, User user) {
        try {
            byte[] json = new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(data.export(user));
            // In UTF-8, as JSON must be: printed as text, what this shell's locale does not know would become '?'.
            call.terminal().out().writeBytes(json);
            call.say("");
            return DONE;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps of texts and numbers are always JSON", e);
        }
    }
}
