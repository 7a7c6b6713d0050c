package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.Database;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/**
 * Going back to the version before: it must find its own tables as it made them, and not stumble over what a newer
 * version has added.
 */
class SchemaOfOtherVersionsTest {

    private static final String ANNA = "+79991234567";

    /** What a version that is yet to come may add. */
    private static final String NEWER = """
            CREATE TABLE multisession_to_come (token_hash TEXT NOT NULL PRIMARY KEY, user_id INTEGER NOT NULL) WITHOUT ROWID;
            CREATE INDEX multisession_to_come_user ON multisession_to_come (user_id);
            CREATE INDEX multisession_sessions_to_come ON user_sessions (user_id, last_seen_at);
            CREATE TRIGGER multisession_session_to_come AFTER INSERT ON user_sessions BEGIN
              INSERT INTO multisession_to_come VALUES (NEW.auth_token, NEW.user_id);
            END;
            INSERT INTO multisession_state (name, value, changed_at) VALUES ('to-come', 'x', '2026-11-26 00:00:00.000000');
            """;

    private static final Pattern CREATE_TABLE = Pattern.compile("CREATE TABLE IF NOT EXISTS (\\w+)");

    @TempDir
    Path folder;

    private final TestClock clock = new TestClock();

    private static String statements(String kind) throws IOException {
        Path files = Path.of("src/main/resources/db", kind);
        List<String> tables = new ArrayList<>();
        try (Stream<Path> all = Files.list(files)) {
            for (Path file : all.sorted().toList()) {
                for (String sql : SqlScript.statements("/db/" + kind + "/" + file.getFileName())) {
                    Matcher table = CREATE_TABLE.matcher(sql);
                    if (table.lookingAt()) {
                        tables.add(sha256(sql) + "  " + kind + "/" + file.getFileName() + " " + table.group(1) + "\n");
                    }
                }
            }
        }
        return String.join("", tables);
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** A new table gets a new line there; a line that is there never changes. */
    @ParameterizedTest
    @ValueSource(strings = {"sqlite", "postgres"})
    void a_table_is_made_by_the_same_statement_for_ever(String kind) throws IOException {
        String known = Files.readString(Path.of("src/test/resources/schema/tables.sha256"));
        assertThat(statements(kind).lines().toList())
                .as("a new table gets a line in tables.sha256; a line that is there never changes")
                .isNotEmpty()
                .isSubsetOf(known.lines().toList());
    }

    @Test
    void what_a_newer_version_has_added_is_left_alone_and_nothing_fails_because_of_it() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            String kept;
            try (NewApp app = NewApp.deploy(old.path(), clock)) {
                kept = app.signIn(ANNA);
            }
            old.run(NEWER);
            String newer = toCome(old);
            try (NewApp app = NewApp.deploy(old.path(), clock)) {
                assertThat(app.opens(kept)).isEqualTo(42);
                String another = app.signIn(ANNA);
                assertThat(app.opens(another)).isEqualTo(42);
                app.signOut(kept);
                assertThat(app.opens(kept)).isNull();
                assertThat(app.migrator.missing()).isEmpty();
                assertThat(old.one("SELECT count(*) FROM multisession_to_come WHERE user_id = 42"))
                        .isEqualTo("1");
            }
            assertThat(toCome(old)).isEqualTo(newer);
            uninstall(old.path());
            assertThat(old.all("SELECT name FROM sqlite_master WHERE name LIKE 'multisession%'"))
                    .isEmpty();
        }
    }

    private static String toCome(SqliteApp old) {
        return String.join(
                "\n",
                old.all("SELECT sql FROM sqlite_master WHERE name LIKE '%to_come%' ORDER BY name").stream()
                        .map(Objects::toString)
                        .toList());
    }

    private static void uninstall(Path path) {
        try (SqliteFile claimed = SqliteFile.claim(path, false, "/test");
                Database database = Database.open(claimed, 1, Duration.ofSeconds(5))) {
            new Uninstaller(database, Backup.NONE, Progress.NONE).uninstall(false);
        }
    }
}
