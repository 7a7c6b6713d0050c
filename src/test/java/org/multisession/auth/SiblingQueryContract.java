package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.db.SqlTime;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.testing.Fenced;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.Sibling;
import org.multisession.testing.TestClock;
import org.multisession.token.TokenHash;

/** What docs/siblings.md tells other programs to do, and its vectors, against our own app; on every database. */
abstract class SiblingQueryContract {

    private static final Path VECTORS = Path.of("docs/siblings/vectors.sql");
    private static final Pattern PARAMETER = Pattern.compile(":\\w+");

    /** Nothing runs out: that is no matter of the query's. */
    private static final SessionRules FOR_EVER = new SessionRules(null, null, 50, Duration.ofMinutes(1));

    private static final String SEEN = positional(Fenced.block(Sibling.DOCUMENT, "sql", "UPDATE user_sessions"));
    private static final String SIGN_OUT =
            positional(Fenced.block(Sibling.DOCUMENT, "sql", "DELETE FROM user_sessions"));

    private final TestClock clock = new TestClock();

    /** A fresh database of the old app, in this form. */
    abstract OldApp make(String form);

    /** A fresh database with what this script makes, which is that of the vectors in the words of SQLite. */
    abstract OldApp makeVectors(String script);

    /** Another program, whose users table has a plan. */
    abstract Sibling open(OldApp database);

    /** The names and types of a table's columns. */
    abstract List<String> columns(OldApp database, String table);

    private OldApp vectors() throws IOException {
        return makeVectors(Files.readString(VECTORS));
    }

    private static String positional(String sql) {
        return PARAMETER.matcher(sql).replaceAll("?");
    }

    @ParameterizedTest
    @EnumSource(Stage.class)
    void the_query_finds_whom_the_vectors_say(Stage stage) throws IOException {
        try (OldApp vectors = vectors();
                Sibling sibling = open(vectors)) {
            vectors.run("UPDATE multisession_state SET value = ? WHERE name = 'stage'", stage.stored());
            List<String> tokens = tokens(vectors);
            assertThat(tokens).hasSizeGreaterThan(20);
            for (String token : tokens) {
                Sibling.Found found = sibling.who(token);
                assertThat(found == null ? "nobody" : found.id() + " " + found.via())
                        .as("%s: %s", token, vectors.one("SELECT why FROM vectors WHERE token = ?", token))
                        .isEqualTo(expected(vectors, token, stage));
            }
            assertThat(sibling.who("mirror-of-anna")).isEqualTo(new Sibling.Found(1, "+79990000001", "pro", "session"));
            assertThat(sibling.who(null)).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource(Stage.class)
    void the_vectors_say_what_our_app_says(Stage stage) throws IOException {
        try (OldApp vectors = vectors();
                NewApp app = NewApp.deploy(vectors.claim(), FOR_EVER, stage, clock);
                Sibling sibling = open(vectors)) {
            for (String token : tokens(vectors)) {
                SignedIn signedIn = token.isEmpty() ? null : app.who(token);
                String ours = signedIn == null
                        ? "nobody"
                        : signedIn.user().id() + " " + signedIn.via().name().toLowerCase(java.util.Locale.ROOT);
                assertThat(ours)
                        .as("%s: %s", token, vectors.one("SELECT why FROM vectors WHERE token = ?", token))
                        .isEqualTo(expected(vectors, token, stage));
                // From settle on, the deploy has put hashes where the tokens were.
                Sibling.Found found = sibling.who(token);
                assertThat(found == null ? "nobody" : found.id() + " " + found.via())
                        .isEqualTo(ours);
            }
        }
    }

    @Test
    void the_vectors_have_our_hashes_and_the_columns_of_our_tables() throws IOException {
        try (OldApp vectors = vectors();
                OldApp real = make("single")) {
            NewApp.deploy(real.claim(), clock).close();
            for (String token : tokens(vectors)) {
                assertThat(vectors.one("SELECT hash FROM vectors WHERE token = ?", token))
                        .isEqualTo(TokenHash.of(token));
            }
            for (String table : List.of(
                    "user_sessions",
                    "multisession_tokens",
                    "multisession_state",
                    "multisession_rows",
                    "multisession_accounts")) {
                assertThat(columns(vectors, table)).as(table).isEqualTo(columns(real, table));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Stage.class)
    void its_sign_out_ends_a_session_for_good(Stage stage) {
        try (OldApp database = make("single");
                NewApp app = NewApp.deploy(database.claim(), FOR_EVER, stage, clock);
                Sibling sibling = open(database)) {
            String phone = database.one("SELECT phone FROM users WHERE id = 42");
            String token = app.signIn(phone);
            String other = app.signIn(phone);
            assertThat(sibling.opens(List.of(token, other))).containsExactly(42L, 42L);

            assertThat(database.run(SIGN_OUT, other, TokenHash.of(other))).isEqualTo(1);

            assertThat(app.opens(other)).isNull();
            assertThat(app.opens(token)).isEqualTo(42);
            assertThat(sibling.opens(List.of(token, other))).containsExactly(42L, null);
            // In coexist the mirror still has it.
            assertThat(database.legacyTokenOf(42).equals(other)).isEqualTo(stage.mirrors());
        }
    }

    @Test
    void its_note_that_a_session_was_used_keeps_it_and_revives_nothing() {
        try (OldApp database = make("single");
                NewApp app = NewApp.deploy(database.claim(), clock)) {
            String phone = database.one("SELECT phone FROM users WHERE id = 42");
            String token = app.signIn(phone);
            String gone = app.signIn(phone);
            app.signOut(gone);

            clock.advance(Duration.ofDays(29));
            assertThat(seen(database, token)).isEqualTo(1);
            assertThat(seen(database, token)).as("again within the minute").isZero();
            assertThat(seen(database, gone)).isZero();

            clock.advance(Duration.ofDays(29));
            assertThat(app.opens(token)).isEqualTo(42);
            assertThat(app.opens(gone)).isNull();
        }
    }

    /** Parameters are numbered by where each first stands: now, token, hash, a minute ago. */
    private int seen(OldApp database, String token) {
        return database.run(
                SEEN,
                SqlTime.format(clock.instant()),
                token,
                TokenHash.of(token),
                SqlTime.format(clock.instant().minus(Duration.ofMinutes(1))));
    }

    private static List<String> tokens(OldApp vectors) {
        return vectors.all("SELECT token FROM vectors ORDER BY token").stream()
                .map(Objects::requireNonNull)
                .toList();
    }

    private static String expected(OldApp vectors, String token, Stage stage) {
        @Nullable
        String accepted = vectors
                .all(
                        "SELECT user_id || ' ' || via FROM vectors WHERE token = ? AND via IN ('session', ?)",
                        token,
                        stage.acceptsLegacyTokens() ? "legacy" : "session")
                .stream()
                .findFirst()
                .orElse(null);
        return accepted == null ? "nobody" : accepted;
    }
}
