package org.multisession.auth;

import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.AnswerCache;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.Handle;
import org.multisession.session.Client;
import org.multisession.session.LastSeen;
import org.multisession.session.LookUpDao;
import org.multisession.session.UserSession;
import org.multisession.session.UserSessionDao;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;
import org.multisession.user.User;

/**
 * Answers "who is this?": by the session of a token, or else by the legacy token of a user ({@link LookUpDao}). Where a
 * request presents many tokens, one query first finds those that are known at all. An answer is kept until anybody
 * commits something that may change it, so an ended session is refused from the next request on. Whether a session has
 * run out is decided at each request. Thread-safe.
 */
public final class Authenticator {

    /** An answer takes about 600 bytes, so all of them take some hundredths of the memory at most. */
    private static final int BYTES_FOR_EACH = 10_000;

    /** No token of ours is longer, and a stranger's need not be remembered. */
    private static final int MAX_KEPT_LENGTH = 128;

    private final AnswerCache<SessionToken, SignedIn> answers;
    private final Database database;
    private final Sessions sessions;
    private final LookUpDao lookUps;
    private final TwoAccounts twoAccounts;
    private final RunOut runOut;
    private final LastSeen lastSeen;
    private final InstantSource clock;
    private final AuthListener listener;

    /** @param answers where it keeps what tokens open; what writes when they were used has to know it */
    public Authenticator(
            AnswerCache<SessionToken, SignedIn> answers,
            Database database,
            Sessions sessions,
            LookUpDao lookUps,
            TwoAccounts twoAccounts,
            RunOut runOut,
            LastSeen lastSeen,
            InstantSource clock,
            AuthListener listener) {
        this.answers = answers;
        this.database = database;
        this.sessions = sessions;
        this.lookUps = lookUps;
        this.twoAccounts = twoAccounts;
        this.runOut = runOut;
        this.lastSeen = lastSeen;
        this.clock = clock;
        this.listener = listener;
    }

    /** A cache with room for as many answers as the heap allows. */
    public static AnswerCache<SessionToken, SignedIn> emptyCache() {
        return new AnswerCache<>((int) Math.min(1_000_000, Runtime.getRuntime().maxMemory() / BYTES_FOR_EACH));
    }

    /**
     * Returns the user of the first of these values that is somebody's, or null. A browser may hold a stale cookie beside
     * the good one, so all are tried, in this order. If another value is another user's, the first counts all the same,
     * as in the old app, and that is logged and recorded. The client is supplied only if something is to be recorded.
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
        UserSession session = signedIn.session();
        if (session == null) {
            lastSeen.noteLegacy(signedIn.user(), signedIn.token(), client, clock.instant());
        } else {
            lastSeen.note(session, signedIn.token(), client, clock.instant());
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
        AnswerCache<SessionToken, SignedIn>.Kept kept = database.kept(answers);
        if (tokens.size() == 1) {
            SignedIn answer = kept.answer(tokens.get(0));
            if (answer != null) {
                return List.of(answer);
            }
        }
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
        if (!unanswered.isEmpty()) {
            boolean isSeen = database.read(handle -> look(handle, kept, unanswered, opened));
            // After somebody has rebuilt a table, what was issued meanwhile is known only once the schema is repaired.
            // Then it is looked for again, whoever has repaired it: another request may have, after this look.
            if (!isSeen && opened.isEmpty()) {
                database.lookAfterSchema();
                AnswerCache<SessionToken, SignedIn>.Kept anew = database.kept(answers);
                database.read(handle -> look(handle, anew, unanswered, opened));
            }
        }
        return found(presented, opened);
    }

    /**
     * Looks tokens up in the database, and adds what they open.
     *
     * @return false if some were found nowhere, on a schema that has not been checked yet
     */
    private boolean look(
            Handle handle,
            AnswerCache<SessionToken, SignedIn>.Kept kept,
            List<SessionToken> unanswered,
            Map<SessionToken, SignedIn> opened)
            throws SQLException {
        List<SessionToken> known = sessions.known(handle, unanswered);
        List<SessionToken> missed = new ArrayList<>();
        Set<Long> missedIn = new HashSet<>();
        for (SessionToken token : unanswered) {
            if (!known.contains(token)) {
                missed.add(token);
                continue;
            }
            LookUpDao.Found found = lookUps.find(handle, token);
            SignedIn answer = signedIn(found, token);
            if (answer == null) {
                missed.add(token);
                missedIn.add(found.schemaState());
            } else {
                opened.put(token, answer);
                kept.keep(token, answer);
            }
        }
        if (known.size() < unanswered.size()) {
            missedIn.add(handle.schemaState());
        }
        for (long schemaState : missedIn) {
            if (!isSchemaSeen(handle, schemaState, opened)) {
                return false;
            }
        }
        for (SessionToken token : missed) {
            if (token.value().length() <= MAX_KEPT_LENGTH) {
                kept.keep(token, null);
            }
        }
        return true;
    }

    private boolean isSchemaSeen(Handle handle, long schemaState, Map<SessionToken, SignedIn> opened)
            throws SQLException {
        try {
            return database.hasSeenSchema(handle, schemaState);
        } catch (DatabaseBusyException e) {
            if (opened.isEmpty()) {
                throw e;
            }
            // Somebody is still changing it; whoever is known already goes on.
            return false;
        }
    }

    /** What each value opens, in order. If its readings open two users' accounts, it opens none: nobody is guessed. */
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

    private static @Nullable SignedIn signedIn(LookUpDao.Found found, SessionToken token) {
        UserSession session = found.session();
        User user = session == null ? found.owner() : session.user();
        return user == null ? null : new SignedIn(user, token, session);
    }
}
