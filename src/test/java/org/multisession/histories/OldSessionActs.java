package org.multisession.histories;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.db.SqlTime;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.token.TokenHash;

/** What the old app, in either form, and people with a shell write into tokens and sessions. */
final class OldSessionActs extends Acts {

    private static final String UPSERT = "INSERT INTO users (id, phone, auth_token) VALUES (?, ?, ?)"
            + " ON CONFLICT (id) DO UPDATE SET auth_token = excluded.auth_token, phone = excluded.phone";

    private static final String UPSERT_OF_SESSION =
            "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES (?, ?, ?, ?)"
                    + " ON CONFLICT (auth_token) DO UPDATE SET last_seen_at = excluded.last_seen_at";

    OldSessionActs(History history) {
        super(history);
    }

    boolean signInSingle() {
        long user = world.someUser();
        String token = world.newToken("single");
        boolean upserts = random.nextInt(4) == 0;
        tell("old single sign-in of " + user + " as " + token + (upserts ? " by an upsert" : ""));
        if (upserts) {
            world.old.run(UPSERT, user, promises.phones.get(user), token);
        } else {
            world.there(app -> app.signInSingle(user, token));
        }
        promises.setLegacy(user, token);
        return true;
    }

    boolean signInMulti() {
        long user = world.someUser();
        String token = world.newToken("multi");
        tell("old multi sign-in of " + user + " as " + token);
        world.there(app -> app.signInMulti(user, token, clock.instant()));
        promises.beginThere(token, user);
        promises.setLegacy(user, token);
        return true;
    }

    boolean signOut() {
        String token = world.someSession();
        if (token == null || promises.hashed.contains(token)) {
            return false;
        }
        tell("old sign-out of " + token);
        world.there(app -> app.signOut(token));
        promises.session(token).ended = true;
        return true;
    }

    boolean signOutAll() {
        long user = world.someUser();
        tell("old sign-out of all sessions of " + user);
        world.old.run("DELETE FROM user_sessions WHERE user_id = ?", user);
        promises.endAll(promises.ofUser(user));
        return true;
    }

    boolean truncate() {
        tell("truncate of all sessions");
        world.old.run("TRUNCATE user_sessions");
        promises.endAll(promises.sessions.values());
        return true;
    }

    boolean resetByAdministrator() {
        long user = world.someUser();
        String value = aReset();
        tell("reset of " + user + " to " + value);
        world.old.run("UPDATE users SET auth_token = ? WHERE id = ?", value, user);
        promises.setLegacy(user, value);
        return true;
    }

    /** None, an empty one, a new one, or what somebody has read in another column. */
    private @Nullable String aReset() {
        return switch (random.nextInt(7)) {
            case 0, 1 -> null;
            case 2, 3 -> "";
            case 4 -> TokenHash.of(Objects.requireNonNullElse(world.someToken(), ""));
            default -> world.newToken("reset");
        };
    }

    boolean shareAToken() {
        long from = world.someUser();
        long to = world.someUser();
        String token = promises.legacy.get(from);
        if (from == to || token == null || token.isEmpty()) {
            return false;
        }
        tell("token of " + from + " given to " + to + " too: " + token);
        world.there(app -> app.signInSingle(to, token));
        promises.setLegacy(to, token);
        return true;
    }

    boolean see() {
        String token = world.someSession();
        if (token == null || promises.hashed.contains(token)) {
            return false;
        }
        tell("old app saw " + token);
        // The row may be gone with its user.
        boolean upserts = random.nextInt(4) == 0 && !world.rowsOf(token).isEmpty();
        world.there(app -> see(app, token, upserts));
        // The old app knows no timeout: what it lets in counts as used. What ended here has no row there.
        promises.session(token).seen = clock.instant();
        return true;
    }

    private void see(OldApp app, String token, boolean upserts) {
        if (upserts) {
            String time = SqlTime.format(clock.instant());
            app.run(UPSERT_OF_SESSION, promises.session(token).userId, token, time, time);
        } else {
            app.seen(token, clock.instant());
        }
    }

    /** The token of a session, living or ended, is put where a legacy token stands. */
    boolean pointAtASession() {
        List<String> tokens = promises.sessions.keySet().stream()
                // Of what came and went unseen nobody knows anything.
                .filter(token -> promises.session(token).noted || !promises.session(token).ended)
                .sorted()
                .toList();
        if (tokens.isEmpty()) {
            return false;
        }
        String token = world.some(tokens);
        long user = world.someUser();
        tell("legacy token of " + user + " set to the session " + token);
        world.there(app -> app.signInSingle(user, token));
        promises.setLegacy(user, token);
        return true;
    }

    /** Which revives nothing. */
    boolean putBackARow() {
        String token = someEndedToken();
        if (token == null) {
            return false;
        }
        tell("row put back for " + token);
        boolean replaces = random.nextBoolean();
        kind.putBackARow(world.old, world.someUser(), token, replaces);
        return true;
    }

    /** The first of them. */
    private @Nullable String someEndedToken() {
        return promises.sessions.keySet().stream()
                // Of what came and went unseen nobody knows anything.
                .filter(each -> !promises.isUninstalled && promises.session(each).ended && promises.session(each).noted)
                .sorted()
                .findFirst()
                .orElse(null);
    }

    /** As an old app that is about to have many sessions does with the one that each user has. */
    boolean makeSessionsOfTokens() {
        if (!promises.sessionsNoted) {
            // Unseen, it may also have ended again, and what it was before nobody can tell from what it is.
            return false;
        }
        // A moment later than anything before: a row that is put back with the same time cannot be told from one that
        // nobody touched.
        String time = SqlTime.format(clock.instant().plusMillis(1));
        promises.legacy.forEach((user, token) -> {
            boolean isShared = Collections.frequency(promises.legacy.values(), token) > 1;
            PromisedSession session = promises.sessions.get(token);
            // Of what came and went unseen nobody knows anything.
            if (promises.isUninstalled
                    || token == null
                    || !promises.everyToken.contains(token)
                    || isShared
                    || !world.old
                            .all("SELECT 1 FROM user_sessions WHERE auth_token = ?", token)
                            .isEmpty()
                    || (session != null && (!session.noted || !session.ended))) {
                return;
            }
            tell("token " + token + " of " + user + " is made a session");
            world.old.run(
                    "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES (?, ?, ?, ?)",
                    user,
                    token,
                    time,
                    time);
            if (session == null && !promises.refused.contains(token)) {
                promises.beginThere(token, user);
            }
        });
        return true;
    }

    /** Another session takes the row id, for which no DELETE trigger fires. */
    boolean replaceARow() {
        String token = world.someSession();
        if (token == null || promises.hashed.contains(token)) {
            return false;
        }
        List<@Nullable String> ids = world.old.all("SELECT id FROM user_sessions WHERE auth_token = ?", token);
        if (ids.isEmpty()) {
            return false;
        }
        long user = world.someUser();
        String taking = world.newToken("taking");
        tell("row of " + token + " taken by " + taking + " of " + user);
        kind.takeARow(world.old, String.valueOf(ids.get(0)), user, taking, SqlTime.format(clock.instant()));
        promises.session(token).ended = true;
        promises.beginThere(taking, user);
        return true;
    }

    /** The old app gives a device another token, in the same row, or one that has ended. */
    boolean rotateAToken() {
        String token = world.someSession();
        if (token == null || promises.hashed.contains(token) || promises.expectedWithoutClocks(token) == null) {
            return false;
        }
        String over = random.nextInt(3) > 0 ? null : someEndedToken();
        if (over != null && world.rowsOf(over).isEmpty()) {
            tell("token " + token + " becomes " + over + " once more");
            world.old.run("UPDATE user_sessions SET auth_token = ? WHERE auth_token = ?", over, token);
            promises.session(token).ended = true;
            return true;
        }
        String next = world.newToken("rotated");
        tell("token " + token + " becomes " + next);
        world.old.run("UPDATE user_sessions SET auth_token = ? WHERE auth_token = ?", next, token);
        PromisedSession before = promises.session(token);
        before.ended = true;
        promises.sessions.put(next, promises.continued(before, before.userId, before.incarnation));
        return true;
    }

    boolean moveARowAndBack() {
        String token = world.someSession();
        // Nobody sees it while nobody watches, and afterwards nothing is changed.
        if (token == null || promises.hashed.contains(token) || promises.sessionsUnwatched) {
            return false;
        }
        long owner = promises.session(token).userId;
        long other = world.someUser();
        if (owner == other) {
            return false;
        }
        tell("row of " + token + " moved to " + other + " and back");
        world.old.run("UPDATE user_sessions SET user_id = ? WHERE auth_token = ?", other, token);
        world.old.run("UPDATE user_sessions SET user_id = ? WHERE auth_token = ?", owner, token);
        promises.session(token).ended = true;
        return true;
    }

    /** Nobody sees any of it before it is committed, or ever, if it is not. */
    boolean inOneTransaction() {
        Runnable before = promises.snapshot();
        Map<NewApp, Map<String, @Nullable Long>> opened = new HashMap<>();
        nodes.each(node -> {
            Map<String, @Nullable Long> ofNode = new HashMap<>();
            promises.everyToken.forEach(token -> ofNode.put(token, promises.expected(token)));
            opened.put(node, ofNode);
        });
        tell("begin");
        world.old.run("BEGIN");
        world.isAlone = true;
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            history.step(world.some(Step.IN_A_TRANSACTION));
        }
        world.isAlone = false;
        if (!nodes.isLocked()) {
            opened.forEach((node, ofNode) -> ofNode.forEach((token, user) -> assertThat(node.opens(token))
                    .as("token %s, meanwhile %s", token, story())
                    .isEqualTo(user)));
        }
        if (random.nextBoolean()) {
            tell("commit");
            world.old.run("COMMIT");
        } else {
            tell("rollback");
            world.old.run("ROLLBACK");
            before.run();
        }
        return true;
    }
}
