package org.multisession.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.testing.NewApp;
import org.multisession.token.TokenHash;

/**
 * What is known of every token from what an app has said: whose it is, and whether it is signed in, has ended, or may
 * have, because a call was made that never returned. The counterpart of {@link AppAtWork}.
 */
final class Facts {

    private static final String HALF_SESSIONS = """
            SELECT coalesce(s.auth_token, t.auth_token)
            FROM user_sessions s FULL JOIN multisession_tokens t ON t.auth_token = s.auth_token AND t.user_id = s.user_id
            WHERE (t.ended_at IS NULL) <> (s.id IS NOT NULL) OR t.auth_token IS NULL
            """;

    private static final String MIRRORS_ALONE = """
            SELECT u.auth_token FROM users u WHERE u.auth_token <> '' AND NOT EXISTS
              (SELECT 1 FROM multisession_tokens WHERE auth_token IN (u.auth_token, multisession_hash(u.auth_token)))
            """;

    enum State {
        IN,
        UNSURE,
        OUT
    }

    /** What is known of one token. */
    record Token(long user, State state) {
        Token becomes(State next) {
            return new Token(user, next);
        }

        /** Whether it may open that account, or nobody's for null. */
        boolean allows(@Nullable Long opens) {
            return switch (state) {
                case IN -> opens != null && opens == user;
                case OUT -> opens == null;
                case UNSURE -> opens == null || opens == user;
            };
        }
    }

    private final Map<String, Token> tokens = new TreeMap<>();
    private final Set<String> beginning = new HashSet<>();
    private final Set<String> untold = new HashSet<>();
    private int acknowledged;

    /** How many calls have returned, by what was said. */
    int acknowledged() {
        return acknowledged;
    }

    /** A token that is signed in from the beginning. */
    void signedInAtFirst(long user, String token) {
        beginning.add(token);
        signedIn(user, token);
    }

    private void signedIn(long user, String token) {
        tokens.put(token, new Token(user, State.IN));
    }

    /** Takes one line in. */
    void hear(String line) {
        String[] words = line.split(" ", -1);
        switch (words[0]) {
            case "in" -> signedIn(Long.parseLong(words[1]), words[2]);
            case "ending" -> change(words[1], State.UNSURE);
            case "out" -> change(words[1], State.OUT);
            case "ending-others" -> changeOthers(Long.parseLong(words[1]), words[2], State.UNSURE);
            case "out-others" -> changeOthers(Long.parseLong(words[1]), words[2], State.OUT);
            case "forgetting" -> tokens.remove(words[1]);
            case "deploying", "deployed", "turned-away" -> {}
            default -> throw new AssertionError("not understood: " + line);
        }
        acknowledged += words[0].equals("in") || words[0].startsWith("out") ? 1 : 0;
    }

    private void change(String token, State state) {
        tokens.computeIfPresent(token, (text, known) -> known.becomes(state));
    }

    private void changeOthers(long user, String kept, State state) {
        tokens.replaceAll((text, known) -> known.user() == user && !text.equals(kept) && known.state() != State.OUT
                ? known.becomes(state)
                : known);
    }

    /** Forgets every token that may have ended. */
    void forgetWhatEnded() {
        tokens.values().removeIf(known -> known.state() != State.IN);
    }

    /** Every token that is known of. */
    List<String> tokens() {
        return List.copyOf(tokens.keySet());
    }

    /** Whether this token has ended for certain. */
    boolean isOut(String token) {
        Token known = tokens.get(token);
        return known != null && known.state() == State.OUT;
    }

    /** What is known of this token now; null if nothing. */
    @Nullable
    Token known(String token) {
        return tokens.get(token);
    }

    /** Asks the app, which was started anew, for every token, and settles what was unsure. Returns how many it asked for. */
    int check(NewApp app) {
        tokens.replaceAll((text, known) -> {
            Long opens = app.opens(text);
            assertThat(known.allows(opens))
                    .as("%s opens the account of %s", known, opens)
                    .isTrue();
            return known.becomes(opens == null ? State.OUT : State.IN);
        });
        return tokens.size();
    }

    /**
     * What a transaction that was cut off must not leave: half of a session, a mirror without its session, a session
     * without its line in the audit trail, a damaged file, or more than one sign-in per caller that nobody was told of.
     */
    void checkWhole(Database database, int callers) {
        if (database.source().file().isPresent()) {
            assertThat(all(database, "PRAGMA integrity_check")).containsExactly("ok");
        }
        assertThat(all(database, HALF_SESSIONS)).as("halves of sessions").isEmpty();
        Set<String> atFirst = new HashSet<>(beginning);
        beginning.forEach(token -> atFirst.add(TokenHash.of(token)));
        assertThat(atFirst).as("mirrors without a session").containsAll(all(database, MIRRORS_ALONE));
        List<String> signedIn = all(database, "SELECT auth_token FROM multisession_tokens").stream()
                .filter(token -> !atFirst.contains(token))
                .toList();
        assertThat(all(database, "SELECT id FROM auth_events WHERE kind = 'sign-in'"))
                .as("sign-ins in the audit trail")
                .hasSameSizeAs(signedIn);
        Set<String> told = new HashSet<>(tokens.keySet());
        tokens.keySet().forEach(token -> told.add(TokenHash.of(token)));
        // By its hash, which a move to hashes puts in the place of a token that was counted before.
        assertThat(signedIn.stream()
                        .filter(token -> !told.contains(token))
                        .map(token -> TokenHash.isOne(token) ? token : TokenHash.of(token))
                        .filter(untold::add))
                .as("sign-ins that nobody was told of, since the last time")
                .hasSizeLessThanOrEqualTo(callers);
    }

    private static List<String> all(Database database, String sql) {
        return database.read(handle -> {
            List<String> found = new ArrayList<>();
            try (PreparedStatement statement = handle.prepare(sql);
                    ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(row.getString(1));
                }
            }
            return found;
        });
    }
}
