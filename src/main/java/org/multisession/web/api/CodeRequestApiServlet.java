package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.multisession.auth.CodeSignIn;
import org.multisession.auth.TypedNumbers;
import org.multisession.otp.ChallengeSecret;
import org.multisession.otp.OneTimeCodes.CodeRequestResult;
import org.multisession.phone.PhoneNumber;
import org.multisession.web.ClientFactory;
import org.multisession.web.CodeMessage;
import org.multisession.web.HttpProblem;
import org.multisession.web.MethodServlet;

/**
 * {@code POST /api/login} when a code proves the number: 202 with a challenge. Sent again with that challenge, it
 * continues with another code.
 */
public final class CodeRequestApiServlet extends MethodServlet {

    private final transient CodeSignIn codes;
    private final transient CodeMessage message;
    private final transient TypedNumbers typedNumbers;
    private final transient InstantSource clock;

    public CodeRequestApiServlet(
            CodeSignIn codes, CodeMessage message, TypedNumbers typedNumbers, InstantSource clock) {
        super("POST");
        this.codes = codes;
        this.message = message;
        this.typedNumbers = typedNumbers;
        this.clock = clock;
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Json.Body body = Json.read(request);
        PhoneNumber number = Answers.number(typedNumbers, body);
        String held = body.optionalString("challenge");
        CodeRequestResult asked = codes.ask(
                number,
                ClientFactory.of(request),
                held == null ? List.of() : List.of(new ChallengeSecret(held)),
                message.of(request));
        if (asked instanceof CodeRequestResult.Limited limited) {
            throw HttpProblem.tooMany(limited.hit().secondsFrom(clock.instant()));
        }
        CodeRequestResult.Challenged challenged = (CodeRequestResult.Challenged) asked;
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("challenge", challenged.secret().value());
        answer.put("expiresIn", challenged.expiresIn().toSeconds());
        answer.put("resendIn", challenged.resendIn().toSeconds());
        Json.write(response, 202, answer);
    }
}
