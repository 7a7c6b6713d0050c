package org.multisession.histories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.multisession.auth.CodeSignIn;
import org.multisession.auth.SignIn;
import org.multisession.db.DatabaseException;
import org.multisession.otp.ChallengeSecret;
import org.multisession.otp.CodeRules;
import org.multisession.otp.Delivery;
import org.multisession.otp.OneTimeCodes.CodeRequestResult;
import org.multisession.otp.OneTimeCodes.Refusal;
import org.multisession.session.Stage;
import org.multisession.testing.CodeApp;
import org.multisession.testing.NewApp;
import org.multisession.token.TokenHash;

/** Sign-ins at our app, by the number alone and by codes, and registrations. */
final class SignInActs extends Acts {

    private static final CodeRules CODES = new CodeRules(
            Duration.ofMinutes(5),
            3,
            Duration.ZERO,
            new CodeRules.Limits(1000, 1000, 1000, 1000, 1000, 1000, 0),
            Delivery.PLAIN);

    SignInActs(History history) {
        super(history);
    }

    boolean signIn() {
        NewApp here = nodes.some();
        if (here == null) {
            return false;
        }
        long user = world.someUser();
        String phone = world.old.one("SELECT phone FROM users WHERE id = ?", user);
        if (!Promises.isNumber(phone)) {
            return false;
        }
        if (promises.isShared(phone)) {
            tell("sign-in here of " + user + ", whose number is another's too");
            assertThat(here.trySignIn(phone)).as(story()).isEqualTo(new SignIn.Result.AmbiguousNumber());
            return true;
        }
        List<String> presented = world.someTokens();
        signedIn(user, here.signIn(phone, NewApp.CLIENT, World.presented(presented)), presented);
        return true;
    }

    private void signedIn(long user, String token, List<String> presented) {
        String overwritten = promises.legacy.get(user);
        tell("sign-in here of " + user + " as " + token + " over " + overwritten + ", presenting " + presented);
        promises.everyToken.add(token);
        // One browser, one session; what other devices may hold as well is not this browser's.
        presented.stream()
                .filter(each -> promises.sessions.containsKey(each) && promises.isOwn(promises.session(each), user))
                .filter(each -> !promises.session(each).shared)
                .forEach(each -> promises.session(each).ended = true);
        if (promises.stage == Stage.COEXIST) {
            if (promises.isAdopted(overwritten)) {
                promises.begin(Objects.requireNonNull(overwritten), user);
                promises.session(Objects.requireNonNull(overwritten)).shared = true;
            } else if (overwritten != null && !overwritten.isEmpty() && !promises.sessions.containsKey(overwritten)) {
                promises.refused.add(overwritten);
            }
            promises.setLegacy(user, token);
        } else {
            promises.hashed.add(token);
        }
        promises.begin(token, user);
        evict(user, token);
    }

    /** The least recently seen go, ties as the app likes, but never the new one. */
    private void evict(long user, String newest) {
        List<String> ofUser = promises.sessions.entrySet().stream()
                .filter(entry -> !entry.getValue().ended && promises.isOwn(entry.getValue(), user))
                .map(Map.Entry::getKey)
                .toList();
        int surplus = ofUser.size() - Promises.RULES.maxPerUser();
        if (surplus <= 0) {
            return;
        }
        Set<String> rows = new HashSet<>();
        world.old.all("SELECT auth_token FROM user_sessions").forEach(token -> rows.add(String.valueOf(token)));
        List<String> gone = ofUser.stream()
                .filter(token -> !rows.contains(token) && !rows.contains(TokenHash.of(token)))
                .toList();
        Instant now = clock.instant();
        Instant youngestGone = gone.stream()
                .map(token -> promises.session(token).lastActiveAt(now))
                .max(Instant::compareTo)
                .orElseThrow(() -> new AssertionError("nothing evicted of " + ofUser.size() + story()));
        assertThat(gone).as("evicted %s", story()).hasSize(surplus).doesNotContain(newest);
        for (String token : ofUser) {
            if (gone.contains(token)) {
                promises.session(token).ended = true;
            } else {
                assertThat(promises.session(token).lastActiveAt(now))
                        .as("kept %s %s", token, story())
                        .isAfterOrEqualTo(youngestGone);
            }
        }
    }

    /** Whoever has a number that nobody has becomes a new user by it. */
    boolean register() {
        NewApp here = nodes.some();
        String phone = world.newPhone(Long.MIN_VALUE);
        if (here == null || !Promises.isNumber(phone)) {
            return false;
        }
        registered(phone, here.signIn(phone));
        return true;
    }

    private void registered(String phone, String token) {
        long user = Long.parseLong(world.old.one("SELECT id FROM users WHERE phone = ?", phone));
        tell("registration here of " + user + " as " + token + ", number " + phone);
        promises.everyToken.add(token);
        promises.isNew(user, phone, promises.stage == Stage.COEXIST ? token : null);
        promises.begin(token, user);
        if (promises.stage != Stage.COEXIST) {
            promises.hashed.add(token);
        }
    }

    /** The number's owner of now asks for a code, or somebody who has asked already asks for another. */
    boolean askForACode() {
        NewApp here = nodes.some();
        List<PromisedCode> open =
                promises.codes.stream().filter(code -> !code.isOver).toList();
        boolean again = !open.isEmpty() && random.nextBoolean();
        PromisedCode held = again ? world.some(open) : null;
        String phone = held == null ? promises.phoneOf(world.someUser()) : held.number;
        if (here == null || !Promises.isNumber(phone) || Collections.frequency(promises.phones.values(), phone) != 1) {
            return false;
        }
        try (CodeApp app = CodeApp.over(here, CODES, clock)) {
            CodeRequestResult asked = app.ask(phone, CodeApp.HOME, held == null ? null : held.secret);
            if (asked instanceof CodeRequestResult.Limited) {
                // A request that a clock which was ahead has left counts for a day.
                return false;
            }
            ChallengeSecret secret = CodeApp.challenged(asked);
            String code = app.sent.next().code();
            tell((again ? "another code " : "a code ") + code + " for " + phone);
            if (held != null && secret.value().equals(held.secret.value())) {
                held.isSent(code, clock.instant());
            } else {
                promises.codes.add(new PromisedCode(secret, phone, CODES, code, clock.instant()));
            }
        }
        return true;
    }

    /** Good for whoever has the number now, once. */
    boolean tryACode() {
        NewApp here = nodes.some();
        PromisedCode asked = promises.codes.isEmpty() ? null : world.some(promises.codes);
        if (here == null || asked == null) {
            return false;
        }
        List<Long> owners = promises.phones.entrySet().stream()
                .filter(entry -> asked.number.equals(entry.getValue()))
                .map(Map.Entry::getKey)
                .toList();
        if (owners.isEmpty() && !kind.steps().contains(Step.REGISTER_HERE)) {
            return false;
        }
        Instant now = clock.instant();
        List<String> presented = world.someTokens();
        String code = asked.some(random);
        CodeSignIn.Result result;
        try (CodeApp app = CodeApp.over(here, CODES, clock)) {
            result = app.codes.signIn(asked.secret, code, NewApp.CLIENT, World.presented(presented));
        }
        Refusal refusal = asked.attempt(code, now);
        tell("code " + code + " for " + asked.number + " of " + owners + ": " + (refusal == null ? "right" : refusal));
        if (refusal != null || owners.size() > 1) {
            assertThat(result)
                    .as(story())
                    .isEqualTo(new CodeSignIn.Result.Refused(refusal == null ? Refusal.WRONG : refusal));
            return true;
        }
        assertThat(result).as(story()).isInstanceOf(CodeSignIn.Result.Started.class);
        String token = ((CodeSignIn.Result.Started) result).session().token().value();
        if (owners.isEmpty()) {
            registered(asked.number, token);
        } else {
            signedIn(owners.get(0), token, presented);
        }
        return true;
    }

    /** Nothing of a sign-in stays whose session, or the one that it adopts, is not kept. */
    boolean leftOutByATrigger() {
        NewApp here = nodes.some();
        long user = world.someUser();
        String phone = promises.phoneOf(user);
        boolean isOfAdoption = random.nextBoolean();
        if (here == null
                || !Promises.isNumber(phone)
                || promises.isShared(phone)
                || (isOfAdoption && !promises.isAdopted(promises.legacy.get(user)))) {
            return false;
        }
        tell("a trigger leaves out " + (isOfAdoption ? "what is adopted" : "new sessions") + " of " + user);
        kind.leaveOutSessions(world.old, isOfAdoption ? "NEW.created_at IS NULL" : "NEW.user_id IS NOT NULL");
        assertThatThrownBy(() -> here.signIn(phone)).as(story()).isInstanceOf(DatabaseException.class);
        kind.dropTheTeamsTrigger(world.old);
        return true;
    }
}
