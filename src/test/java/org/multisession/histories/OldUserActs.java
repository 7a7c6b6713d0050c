package org.multisession.histories;

import java.util.Collections;

/** Users who come, go and change, by the old app or by people with a shell. */
final class OldUserActs extends Acts {

    OldUserActs(History history) {
        super(history);
    }

    boolean add() {
        String token = random.nextBoolean() ? world.newToken("legacy") : null;
        String phone = world.newPhone(promises.legacy.isEmpty() ? 1 : Collections.max(promises.legacy.keySet()) + 1);
        long user = kind.addUser(world.old, phone, token);
        tell("new user " + user + ", token " + token + ", number " + phone);
        promises.isNew(user, phone, token);
        return true;
    }

    boolean delete() {
        if (promises.legacy.size() < 2) {
            return false;
        }
        long user = world.someUser();
        tell("delete user " + user);
        world.there(app -> kind.deleteUser(app, user));
        promises.isGone(user);
        return true;
    }

    /** At once, so that nobody sees the id free. */
    boolean replace() {
        long user = world.someUser();
        String token = world.newToken("replaced");
        String phone = random.nextInt(4) == 0 ? promises.phoneOf(user) : world.newPhone(user);
        tell("replace user " + user + ", token " + token + ", number " + phone);
        world.there(app -> kind.replaceUser(app, user, phone, token));
        promises.isNew(user, phone, token);
        return true;
    }

    /** The sessions of one are given to the other, and end thereby, where anybody sees it. */
    boolean merge() {
        long from = world.someUser();
        long to = world.someUser();
        if (from == to || promises.isNewWhileUnwatched(from)) {
            return false;
        }
        tell("user " + from + " is merged into " + to);
        world.old.run("UPDATE user_sessions SET user_id = ? WHERE user_id = ?", to, from);
        world.there(app -> kind.deleteUser(app, from));
        promises.sessions.replaceAll((token, session) -> {
            if (session.userId != from || session.ended) {
                return session;
            }
            PromisedSession moved = promises.continued(session, to, promises.incarnation(to));
            moved.ended = session.noted || !promises.isOwn(session, from);
            return moved;
        });
        promises.isGone(from);
        return true;
    }

    boolean renumber() {
        long user = world.someUser();
        long id = Collections.max(promises.legacy.keySet()) + 1 + random.nextInt(2);
        tell("user " + user + " gets the id " + id);
        kind.renumberUser(world.old, user, id);
        String token = promises.legacy.get(user);
        String phone = promises.phoneOf(user);
        promises.ofUser(user).forEach(session -> session.ended |= session.noted);
        promises.isGone(user);
        promises.isNew(id, phone, token);
        return true;
    }

    /** To a new number or another user's, or both change theirs. */
    boolean changeANumber() {
        long user = world.someUser();
        long other = world.someUser();
        String phone = world.newPhone();
        if (user == other) {
            setPhone(user, phone);
        } else if (random.nextInt(3) == 0) {
            setPhone(user, promises.phoneOf(other));
        } else {
            String ofUser = promises.phoneOf(user);
            setPhone(user, phone);
            setPhone(user, promises.phoneOf(other));
            setPhone(other, ofUser);
        }
        return true;
    }

    private void setPhone(long user, String phone) {
        tell("number of " + user + " is " + phone);
        world.old.run("UPDATE users SET phone = ? WHERE id = ?", phone, user);
        promises.setPhone(user, phone);
    }
}
