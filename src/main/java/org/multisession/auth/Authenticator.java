package org.multisession.auth;

import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.AnswerCache;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.session.Client;
import org.multisession.session.LastSeen;
import org.multisession.session.UserSession;
import org.multisession.session.UserSessionDao;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;
import org.multisession.user.User;

/**
 * Answers "who is this?": first by the session of the token, then by the legacy token of a user, one query each; for
 * many tokens, one query first finds those that are known. An answer is kept until anybody commits anything, so an ended
 * session is refused from the next request on; whether it has run out is asked at each request. Thread-safe.
 */
public final class Authenticator {

    /** An answer takes about 600 bytes, so all of them take some hundredths of the memory at most. */
    private static final int BYTES_FOR_EACH = 10_000;

    /** No token of ours is longer, and a stranger's need not be remembered. */
    private static final int MAX_KEPT_LENGTH = 128;

    private final AnswerCache<SessionToken, SignedIn> answers =
            new AnswerCache<>((int) Math.min(1_000_000, Runtime.getRuntime().maxMemory() / BYTES_FOR_EACH));

    private final Database database;
    private final Sessions sessions;
    private final LegacyTokens legacyTokens;
    private final TwoAccounts twoAccounts;
    private final RunOut runOut;
    private final LastSeen lastSeen;
    private final InstantSource clock;
    private final AuthListener listener;

    public Authenticator(
            Database database,
            Sessions sessions,
            LegacyTokens legacyTokens,
            TwoAccounts twoAccounts,
            RunOut runOut,
            LastSeen lastSeen,
            InstantSource clock,
            AuthListener listener) {
        this.database = database;
        this.sessions = sessions;
        this.legacyTokens = legacyTokens;
        this.twoAccounts = twoAccounts;
        this.runOut = runOut;
        this.lastSeen = lastSeen;
        this.clock = clock;
        this.listener = listener;
    }

    /**
     * The user of the first of these values that is somebody's, or null. A browser may hold a stale cookie beside the
     * good one, so all are tried, in this order. Where another one is another user's, the first counts all the same, as
     * in the old app; it is told, and written down. The client is asked for only where something is to be written down.
     */
    public @Nullable SignedIn authenticate(Presented presented, Supplier<Client> client) {
        long began = System.nanoTime();
        SignedIn signedIn = identify(presented, client);
        listener.authenticated(way(presented, signedIn), Duration.ofNanos(System.nanoTime() - began));
        return signedIn;
    }

    private static AuthListener.Way way(Presented presented, @Nullable SignedIn signedIn) {
        if (signedIn != null) {
            return signedIn.session() == null ? AuthListener.Way.LEGACY : AuthListener.Way.SESSION;
        }
        return presented.tokens().isEmpty() ? AuthListener.Way.NONE : AuthListener.Way.REFUSED;
    }

    private @Nullable SignedIn identify(Presented presented, Supplier<Client> client) {
        SignedIn first = null;
        SignedIn other = null;
        for (SignedIn found : find(presented)) {
            if (!hasRunOut(found)) {
                if (first == null) {
                    first = found;
                } else if (other == null && found.user().id() != first.user().id()) {
                    other = found;
                }
            }
        }
        if (first == null) {
            return null;
        }
        note(first, client);
        if (other == null) {
            return first;
        }
        twoAccounts.tell(first.user(), other.user(), client);
        return new SignedIn(first.user(), first.token(), first.session(), other.user());
    }

    private void note(SignedIn signedIn, Supplier<Client> client) {
        if (signedIn.session() == null) {
            lastSeen.noteLegacy(signedIn.user(), signedIn.token(), client, clock.instant());
        } else {
            lastSeen.note(signedIn.session(), client, clock.instant());
        }
    }

    private boolean hasRunOut(SignedIn found) {
        UserSession session = found.session();
        return session != null && runOut.includes(session);
    }

    /** Why the first ended token among these has ended; null if none has. */
    public UserSessionDao.@Nullable Ending howEnded(Presented presented) {
        return database.find(handle -> {
            UserSessionDao.Ending ending = sessions.howEnded(handle, presented);
            return ending == null ? runOut.ending(handle, presented) : ending;
        });
    }

    private List<SignedIn> find(Presented presented) {
        List<SessionToken> tokens = presented.tokens();
        if (tokens.isEmpty()) {
            return List.of();
        }
        Look look = database.read(handle -> look(handle, presented, tokens));
        // After somebody has rebuilt a table, what was issued meanwhile is known only once the schema is repaired.
        return look.mayHaveMissed() && database.lookAfterSchema()
                ? database.read(handle -> look(handle, presented, tokens)).found()
                : look.found();
    }

    /**
     * One look at the database.
     *
     * @param mayHaveMissed whether it found nothing on a schema that nobody has checked
     */
    private record Look(List<SignedIn> found, boolean mayHaveMissed) {}

    private Look look(Handle handle, Presented presented, List<SessionToken> tokens) throws SQLException {
        AnswerCache<SessionToken, SignedIn>.Kept kept = handle.kept(answers);
        Map<SessionToken, SignedIn> opened = new HashMap<>();
        List<SessionToken> unanswered = new ArrayList<>();
        for (SessionToken token : tokens) {
            SignedIn answer = kept.answer(token);
            if (answer != null) {
                opened.put(token, answer);
            } else if (!kept.isMissing(token)) {
                unanswered.add(token);
            }
        }
        List<SessionToken> known = sessions.known(handle, unanswered);
        for (SessionToken token : unanswered) {
            SignedIn answer = known.contains(token) ? find(handle, token) : null;
            if (answer != null) {
                opened.put(token, answer);
                kept.keep(token, answer);
            } else if (token.value().length() <= MAX_KEPT_LENGTH) {
                kept.keepMissing(token);
            }
        }
        List<SignedIn> found = found(presented, opened);
        return new Look(found, found.isEmpty() && !database.hasSeenSchema(handle));
    }

    /** What each value opens, in order. One whose readings open two users' accounts opens none: nobody is guessed. */
    private static List<SignedIn> found(Presented presented, Map<SessionToken, SignedIn> opened) {
        List<SignedIn> found = new ArrayList<>();
        for (List<SessionToken> readings : presented.values()) {
            List<SignedIn> ofValue = new ArrayList<>();
            for (SessionToken token : readings) {
                SignedIn each = opened.get(token);
                if (each != null) {
                    ofValue.add(each);
                }
            }
            if (isOneUser(ofValue)) {
                found.addAll(ofValue);
            }
        }
        return found;
    }

    private static boolean isOneUser(List<SignedIn> all) {
        for (SignedIn each : all) {
            if (each.user().id() != all.get(0).user().id()) {
                return false;
            }
        }
        return true;
    }

    private @Nullable SignedIn find(Handle handle, SessionToken token) {
        UserSession session = sessions.find(handle, token);
        if (session == null) {
            User user = legacyTokens.owner(handle, token);
            if (user != null) {
                return new SignedIn(user, token, null);
            }
            // A sign-in may have adopted the legacy token between the two looks; then it is a session by now. Tokens
            // only ever go that way, so a third look settles it.
            session = sessions.find(handle, token);
        }
        return session == null ? null : new SignedIn(session.user(), token, session);
    }
}
