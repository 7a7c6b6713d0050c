package org.multisession.copy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.migration.Progress;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** From SQLite to PostgreSQL: every cookie that worked before works after, and no other. */
class DatabaseCopyTest {

    private static final String SESSION = "-A6tUtDu7WZs9HQH3FEG9lQoOs3fMdH5sthHDXX5nQo";

    private final TestClock clock = new TestClock();

    @TempDir
    Path folder;

    private PostgresApp target;

    @BeforeEach
    void make() {
        target = PostgresApp.empty();
    }

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    void every_token_that_was_ever_issued_opens_the_same_account_after_the_copy() {
        Set<String> tokens = new LinkedHashSet<>();
        Path file = history(new Random(1), tokens, Stage.COEXIST);
        List<@Nullable Long> before = onSqlite(file, tokens);
        CopyReport report = copy(file);
        assertThat(report.faults()).isEmpty();
        assertThat(report.isSame()).isTrue();
        assertThat(onPostgres(tokens)).isEqualTo(before);
        assertThat(before).contains(42L).contains((Long) null);
    }

    @Test
    void a_second_copy_carries_only_what_has_changed_since() {
        Set<String> tokens = new LinkedHashSet<>();
        Path file = history(new Random(2), tokens, Stage.COEXIST);
        copy(file);
        assertThat(copy(file).tables())
                .allSatisfy(table -> assertThat(table.carried() + table.updated() + table.deleted())
                        .isZero());
        try (SqliteApp old = SqliteApp.open(file)) {
            old.signOut(SESSION);
            old.run("UPDATE users SET name = 'Борис II' WHERE id = 43");
            tokens.add("fresh-from-the-old-app");
            old.signInMulti(47, "fresh-from-the-old-app", clock.instant());
        }
        CopyReport second = copy(file);
        assertThat(table(second, "users").updated()).isEqualTo(2);
        assertThat(table(second, "user_sessions").carried()).isEqualTo(1);
        assertThat(onPostgres(tokens)).isEqualTo(onSqlite(file, tokens)).contains(47L);
    }

    /** What happens with the cookies on each side is played with the app itself. */
    private List<@Nullable Long> onSqlite(Path file, Set<String> tokens) {
        try (NewApp app = NewApp.deploy(file, clock)) {
            return tokens.stream().map(app::opens).toList();
        }
    }

    private List<@Nullable Long> onPostgres(Set<String> tokens) {
        try (NewApp app = NewApp.deploy(target.claim(), clock)) {
            return tokens.stream().map(app::opens).toList();
        }
    }

    private static CopyReport.Table table(CopyReport report, String name) {
        return report.tables().stream()
                .filter(table -> table.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private CopyReport copy(Path file) {
        return new DatabaseCopy(clock, Progress.NONE, true).toPostgres(file, target.claim());
    }

    /** Users who come and go, in our app and in the old one; every token that was ever a cookie is told. */
    private Path history(Random random, Set<String> tokens, Stage stage) {
        Path file;
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            file = old.path();
            tokens.addAll(old.all("SELECT auth_token FROM users WHERE auth_token <> ''").stream()
                    .map(String::valueOf)
                    .toList());
            tokens.addAll(old.all("SELECT auth_token FROM user_sessions").stream()
                    .map(String::valueOf)
                    .toList());
            List<String> phones = old.all("SELECT phone FROM users WHERE id <= 47").stream()
                    .map(String::valueOf)
                    .toList();
            try (NewApp app = NewApp.deploy(old.claim(), clock)) {
                for (int step = 0; step < 120; step++) {
                    List<String> known = new ArrayList<>(tokens);
                    String any = known.get(random.nextInt(known.size()));
                    clock.advance(java.time.Duration.ofMinutes(random.nextInt(600)));
                    switch (random.nextInt(6)) {
                        case 0, 1 -> tokens.add(app.signIn(phones.get(random.nextInt(phones.size()))));
                        case 2 -> {
                            if (app.opens(any) != null) {
                                app.signOut(any);
                            }
                        }
                        case 3 -> old.signOut(any);
                        case 4 -> {
                            String token = "old-app-" + step + "-" + random.nextLong();
                            tokens.add(token);
                            old.signInMulti(42 + random.nextInt(6), token, clock.instant());
                        }
                        default -> {
                            String token = "reset-" + step + "-" + random.nextLong();
                            tokens.add(token);
                            old.signInSingle(42 + random.nextInt(6), token);
                        }
                    }
                }
            }
        }
        if (stage != Stage.COEXIST) {
            NewApp.deploy(file, NewApp.RULES, stage, clock).close();
        }
        return file;
    }
}
