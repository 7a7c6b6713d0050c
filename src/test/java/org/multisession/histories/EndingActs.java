package org.multisession.histories;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.Devices;
import org.multisession.auth.Revocation;
import org.multisession.auth.SignedIn;
import org.multisession.testing.NewApp;
import org.multisession.token.SessionId;
import org.multisession.token.TokenHash;
import org.multisession.user.User;

/** What ends sessions at our app: a sign-out, the page of devices, and an operator's commands. */
final class EndingActs extends Acts {

    EndingActs(History history) {
        super(history);
    }

    boolean signOut() {
        NewApp here = nodes.some();
        String token = world.someToken();
        if (here == null || token == null || promises.expected(token) == null) {
            return false;
        }
        List<String> presented = world.someTokens();
        presented.add(random.nextInt(presented.size() + 1), token);
        tell("sign-out here of " + presented);
        here.signOut(World.presented(presented));
        // A legacy token is forgotten by this browser alone.
        presented.stream().filter(promises.sessions::containsKey).forEach(each -> promises.session(each).ended = true);
        return true;
    }

    boolean endAnotherDevice() {
        NewApp here = nodes.some();
        String token = world.someToken();
        SignedIn by = signedIn(here, token);
        if (here == null || token == null || by == null) {
            return false;
        }
        long user = by.user().id();
        List<String> live = promises.liveOf(user);
        assertThat(here.devices.of(by).stream().map(device -> device.id().text()))
                .as("devices of %s %s", user, story())
                .containsExactlyInAnyOrderElementsOf(
                        live.stream().map(EndingActs::handle).toList());
        String victim = world.some(live);
        tell(token + " ends " + victim);
        assertThat(here.devices.end(by, handle(victim), NewApp.CLIENT))
                .as("end of %s %s", victim, story())
                .isEqualTo(victim.equals(token) ? Devices.Ended.THIS : Devices.Ended.ANOTHER);
        promises.end(victim);
        return true;
    }

    boolean endAllOthers() {
        NewApp here = nodes.some();
        String token = world.someToken();
        SignedIn by = signedIn(here, token);
        if (here == null || by == null) {
            return false;
        }
        List<String> others = promises.liveOf(by.user().id()).stream()
                .filter(each -> !each.equals(token))
                .toList();
        tell(token + " ends all others: " + others);
        assertThat(here.devices.endOthers(by, NewApp.CLIENT)).as(story()).hasValue(others.size());
        others.forEach(promises::end);
        return true;
    }

    private @Nullable SignedIn signedIn(@Nullable NewApp here, @Nullable String token) {
        return here == null || token == null || promises.expected(token) == null ? null : here.who(token);
    }

    private static String handle(String token) {
        return SessionId.of(TokenHash.of(token)).text();
    }

    /** What an operator ends. */
    boolean revoke() {
        NewApp here = nodes.some();
        String some = world.someSession();
        if (here == null || some == null) {
            return false;
        }
        long user = world.someUser();
        Duration age = Duration.ofHours(random.nextInt(50));
        Revocation.Target target = switch (random.nextInt(7)) {
            case 0 -> new Revocation.Target.Everyone();
            case 1, 2 -> new Revocation.Target.OlderThan(age);
            case 3, 4 -> new Revocation.Target.OneSession(handle(some));
            default -> new Revocation.Target.OneUser(user);
        };
        Instant now = clock.instant();
        List<String> meant = promises.liveSessions().stream()
                .filter(token -> target instanceof Revocation.Target.Everyone
                        || (target instanceof Revocation.Target.OneUser && promises.session(token).userId == user)
                        || (target instanceof Revocation.Target.OneSession && token.equals(some))
                        || (target instanceof Revocation.Target.OlderThan
                                && promises.session(token)
                                        .startedAt(now)
                                        .plus(age)
                                        .isBefore(now)))
                .toList();
        tell("revocation of " + target + ": " + meant);
        assertThat(revocation(here).revoke(target).sessions()).as(story()).isEqualTo(meant.size());
        meant.forEach(promises::end);
        if (target instanceof Revocation.Target.Everyone) {
            promises.legacy.values().forEach(promises::endLegacy);
        } else if (target instanceof Revocation.Target.OneUser) {
            promises.endLegacy(promises.legacy.get(user));
        }
        return true;
    }

    boolean forgetAUser() {
        NewApp here = nodes.some();
        if (here == null) {
            return false;
        }
        long user = world.someUser();
        tell("everything of " + user + " is forgotten");
        User them = new User(user, promises.phones.get(user), null);
        personalData(here).forget(them);
        Map<String, Object> left = personalData(here).export(them);
        left.keySet().removeAll(Set.of("exportedAt", "user"));
        assertThat(left.values()).as("left %s", story()).allMatch(each -> each.equals(List.of()));
        assertThat(world.old.all("SELECT auth_token FROM multisession_tokens WHERE user_id = ?", user))
                .as("forgotten %s", story())
                .isEmpty();
        promises.endAll(promises.ofUser(user));
        promises.endLegacy(promises.legacy.get(user));
        promises.codes.stream()
                .filter(code -> code.number.equals(promises.phoneOf(user)))
                .forEach(code -> code.isOver = true);
        return true;
    }
}
