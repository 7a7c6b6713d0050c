package org.multisession.boot;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.multisession.testing.Answer;
import org.multisession.testing.Http;
import org.multisession.testing.TomcatServer;

/** The application on a real Tomcat as its clients see it. */
record DeployedApp(Http http) {

    /** The number of user 42 as he types it; the database has it in another shape. */
    static final String ANNA = "8 (999) 123-45-67";

    private static final String OURS = "auth_token=";

    static DeployedApp on(TomcatServer tomcat, String context) {
        return new DeployedApp(Http.to(tomcat.uri(context.endsWith("/") ? context : context + "/")));
    }

    /** Signs in by the form and returns the token of the new session. */
    String signIn(String phone) {
        Answer answer = http.postForm("login", Map.of("phone", phone));
        if (answer.status() != 303) {
            throw new AssertionError("sign-in was answered with " + answer.status() + "\n" + answer.body());
        }
        return token(answer.header("Set-Cookie").orElseThrow());
    }

    /** Signs out by the form. */
    Answer signOut(String token) {
        return http.postForm("logout", Map.of(), "Cookie", OURS + token);
    }

    /** {@code 200 session}, {@code 200 legacy}, {@code 401}: what this token opens, always user 42's account. */
    String opens(String token) {
        return opens(token, 42);
    }

    /** All the answers that this token gets until its session is served again. */
    Set<String> answersUntilGood(String token) {
        Set<String> answers = new TreeSet<>();
        for (int i = 0; i < 1_000 && !answers.contains("200 session"); i++) {
            answers.add(opens(token));
        }
        return answers;
    }

    String opens(String token, long userId) {
        Answer answer = http.get("api/me", "Cookie", OURS + token);
        if (answer.status() != 200) {
            return String.valueOf(answer.status());
        }
        if (!answer.body().contains("\"id\":" + userId + ",")) {
            return "200 of somebody else";
        }
        return answer.body().contains("\"via\":\"session\"") ? "200 session" : "200 legacy";
    }

    private static String token(String setCookie) {
        return setCookie.substring(OURS.length(), setCookie.indexOf(';'));
    }
}
