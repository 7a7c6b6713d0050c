package org.multisession.histories;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.multisession.auth.Revocation;
import org.multisession.migration.MoveStatus;
import org.multisession.session.Stage;
import org.multisession.session.StateDao;
import org.multisession.session.TokenHashing;
import org.multisession.session.TokenHashingDao;
import org.multisession.testing.NewApp;
import org.multisession.token.TokenHash;
import org.multisession.user.User;

/** What our app does behind the requests, and commands that only look. */
final class HousekeepingActs extends Acts {

    HousekeepingActs(History history) {
        super(history);
    }

    /** What has run out by now has ended for good, without being asked for. */
    boolean sweep() {
        NewApp here = nodes.some();
        if (here == null) {
            return false;
        }
        Duration time = Duration.ofMinutes(random.nextInt(60 * 12));
        tell("time passes: " + time + ", then a sweep");
        clock.advance(time);
        nodes.all().forEach(node -> node.sweeper.run());
        if (promises.clocks.believes()) {
            promises.sessions.values().stream()
                    .filter(session -> session.recorded.isAfter(clock.instant().plus(Duration.ofDays(1))))
                    .forEach(session -> session.recorded = clock.instant());
        }
        for (String token : promises.everyToken) {
            if (promises.sessions.containsKey(token) && promises.expected(token) == null) {
                promises.session(token).ended = true;
                // Of both forms the hash alone counts, if it is there.
                String hash = TokenHash.of(token);
                assertThat(world.old.all("""
                                SELECT auth_token FROM multisession_tokens t
                                WHERE (auth_token = ? OR auth_token = ?
                                  AND NOT EXISTS (SELECT 1 FROM multisession_tokens WHERE auth_token = ?))
                                  AND ended_at IS NULL AND user_id IN (SELECT id FROM users)
                                """, hash, token, hash))
                        .as("swept %s %s", token, story())
                        .isEmpty();
            }
        }
        return true;
    }

    /** All the rest but for ending and forgetting, which changes nothing for anybody. */
    boolean tend() {
        NewApp here = nodes.some();
        if (here == null) {
            return false;
        }
        tell("housekeeping");
        here.signInSweep.run();
        here.deviceSweep.run();
        int unused = here.phoneReading.run(() -> true);
        boolean isSettled = !world.old
                .one("SELECT value FROM multisession_state WHERE name = 'stage'")
                .equals(Stage.COEXIST.stored());
        unused = new TokenHashing(here.database, new TokenHashingDao(), new StateDao(), () -> true).runWhileSettled();
        if (isSettled) {
            promises.hashed.addAll(promises.sessions.keySet());
        }
        return true;
    }

    /** Who only looks changes nothing. */
    boolean lookAtEverything() {
        NewApp here = nodes.some();
        if (here == null) {
            return false;
        }
        tell("an export, a count of everybody's sessions, the status and a dry run");
        String before = world.old.dump();
        personalData(here).export(new User(world.someUser(), null, null));
        Revocation.Outcome all = revocation(here).count(new Revocation.Target.Everyone());
        assertThat(all.sessions()).as(story()).isEqualTo(promises.liveSessions().size());
        assertThat(kind.uninstall(here.database).look(random.nextBoolean()).sessions())
                .as(story())
                .isEqualTo(all.sessions());
        here.database.read(handle -> MoveStatus.of(handle, here.missing(handle), clock.instant(), Duration.ofDays(30)));
        kind.dryRun(here);
        assertThat(world.old.dump()).as("only looked at %s", story()).isEqualTo(before);
        return true;
    }

    /** Whatever stands nowhere for long enough may be forgotten; from then on it is a token that never was. */
    boolean forget() {
        NewApp here = nodes.some();
        if (here == null) {
            return false;
        }
        tell("looks for tokens to forget");
        checks.lookForTokensToForget(here);
        Duration time = Checks.KEEP.plusMinutes(random.nextInt(60 * 3));
        tell("time passes: " + time + ", then another look for tokens to forget");
        clock.advance(time);
        checks.lookForTokensToForget(here);
        return true;
    }
}
