package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.Freshness;
import org.multisession.auth.SignIn;
import org.multisession.auth.TypedNumbers;
import org.multisession.phone.PhoneNumber;
import org.multisession.user.User;
import org.multisession.web.Browser;
import org.multisession.web.HttpProblem;

/** What several routes of the API have in common. */
final class Answers {

    private Answers() {}

    static Map<String, Object> user(User user) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("id", user.id());
        members.put("phone", user.phone());
        members.put("plan", user.plan());
        return members;
    }

    /** A new session. Only programs get its token: a browser has it in a cookie that no script can read. */
    static Map<String, Object> started(HttpServletRequest request, SignIn.Result.Started started) {
        Map<String, Object> members = new LinkedHashMap<>();
        if (!Browser.sent(request)) {
            members.put("token", started.token().value());
        }
        members.put("user", user(started.user()));
        return members;
    }

    /** The number in the member {@code phone}, or a failure with 400 or 422. */
    static PhoneNumber number(TypedNumbers typedNumbers, Json.Body body) {
        PhoneNumber number = typedNumbers.read(body.string("phone"));
        if (number == null) {
            throw new HttpProblem(422, "malformed-number", "\"phone\" is not a phone number. Send it as +79991234567.");
        }
        return number;
    }

    /** To be thrown where {@link Freshness#isProofNeeded}. */
    static HttpProblem proofTooOld(Freshness freshness) {
        return HttpProblem.proofTooOld(Objects.requireNonNull(freshness.freshFor()));
    }

    /** With the precision of the database. */
    static @Nullable String time(@Nullable Instant time) {
        return time == null ? null : IsoTime.of(time);
    }
}
