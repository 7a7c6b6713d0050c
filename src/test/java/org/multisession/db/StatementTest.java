package org.multisession.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.StatementLog;

/** Named statements with named parameters on real connections. */
class StatementTest {

    private static final Sql INSERT =
            Sql.of("add a note", "INSERT INTO notes (name, size, made_at) VALUES (:name, :size, :madeAt)");
    private static final Sql FIND =
            Sql.of("find a note", "SELECT name, size, made_at FROM notes WHERE name = :name OR name = upper(:name)");
    private static final Sql ALL = Sql.of("all notes", "SELECT name, size AS \"How Big\" FROM notes ORDER BY name");

    @TempDir
    Path folder;

    SqliteApp old;
    SqliteFile file;
    Database database;

    @BeforeEach
    void open() {
        old = SqliteApp.makeBy(
                folder, "CREATE TABLE notes (name TEXT UNIQUE NOT NULL, size INTEGER, made_at DATETIME)");
        file = SqliteFile.claim(old.path(), false, "/test");
        database = Database.open(file, 1, Duration.ofSeconds(1));
    }

    @AfterEach
    void close() {
        database.close();
        file.close();
        old.close();
    }

    private int add(String name, long size) {
        return database.write(transaction -> add(transaction, name, size));
    }

    private static int add(Transaction transaction, String name, long size) {
        return transaction
                .update(INSERT)
                .bind("name", name)
                .bind("size", size)
                .bind("madeAt", Instant.parse("2026-01-02T03:04:05.678901Z"))
                .run();
    }

    @Test
    void whatIsBoundByNameIsReadByName() {
        assertThat(add("A", 7)).isEqualTo(1);

        String read = database.read(handle -> handle.query(FIND)
                .bind("name", "a")
                .one(row -> row.text("name") + " " + row.number("size") + " " + row.instant("made_at")));

        assertThat(read).isEqualTo("A 7 2026-01-02T03:04:05.678901Z");
    }

    @Test
    void aTimeIsWrittenAsTheOldAppReadsIt() {
        add("A", 7);

        assertThat(old.one("SELECT made_at FROM notes")).isEqualTo("2026-01-02 03:04:05.678901");
    }

    @Test
    void nullIsBoundAndReadAsNull() {
        database.write(transaction -> transaction
                .update(INSERT)
                .bind("name", "A")
                .bind("size", (Long) null)
                .bind("madeAt", (Instant) null)
                .run());

        List<String> read = database.read(handle -> handle.query(FIND)
                .bind("name", "A")
                .list(row -> row.isNull("size") + " " + row.optionalNumber("size") + " " + row.instant("made_at")));

        assertThat(read).containsExactly("true null null");
    }

    @Test
    void columnsAreNamedInLowerCase() {
        add("A", 7);

        assertThat(database.<Long>read(handle -> handle.query(ALL).one(row -> row.number("how big"))))
                .isEqualTo(7);
    }

    @Test
    void noRowIsEmptyAndNotNull() {
        assertThat(database.<Boolean>read(handle -> handle.query(FIND)
                        .bind("name", "A")
                        .optional(row -> row.text("name"))
                        .isEmpty()))
                .isTrue();
        assertThat(database.<Boolean>read(
                        handle -> handle.query(FIND).bind("name", "A").exists()))
                .isFalse();
    }

    @Test
    void aStatementIsCompiledOncePerConnection() {
        add("A", 7);
        List<String> compiled = StatementLog.during(() -> {
            for (int i = 0; i < 5; i++) {
                database.read(handle -> handle.query(FIND).bind("name", "A").exists());
            }
        });

        assertThat(compiled).filteredOn(sql -> sql.contains("FROM notes")).hasSize(1);
    }

    @Test
    void aStatementMayRunAgainInsideItsOwnRows() {
        add("A", 1);
        add("B", 2);

        List<String> pairs = new ArrayList<>();
        database.read(handle -> {
            handle.query(ALL)
                    .forEach(outer ->
                            handle.query(ALL).forEach(inner -> pairs.add(outer.text("name") + inner.text("name"))));
            return true;
        });

        assertThat(pairs).containsExactly("AA", "AB", "BA", "BB");
    }

    @Test
    void anExceptionInACallbackLeavesTheStatementUsable() {
        add("A", 1);
        assertThatThrownBy(() -> database.read(handle -> handle.query(ALL).one(row -> {
                    throw new IllegalStateException("of the callback");
                })))
                .hasMessage("of the callback");

        assertThat(database.<List<String>>read(handle -> handle.query(ALL).list(row -> row.requiredText("name"))))
                .containsExactly("A");
    }

    @Test
    void aStatementThatWasNeverRunIsUsableByTheNextBorrower() {
        add("A", 1);
        database.read(handle -> handle.query(FIND).bind("name", "A") != null);

        List<String> compiled = StatementLog.during(() ->
                database.read(handle -> handle.query(FIND).bind("name", "A").exists()));

        assertThat(compiled).filteredOn(sql -> sql.contains("FROM notes")).isEmpty();
    }

    @Test
    void aFailureNamesTheStatementAndNoneOfTheValues() {
        add("secret", 1);

        assertThatThrownBy(() -> add("secret", 1))
                .isInstanceOf(DatabaseException.class)
                .hasMessageContaining("add a note")
                .hasMessageContaining("UNIQUE")
                .hasMessageNotContaining("secret");
        assertThat(old.one("SELECT count(*) FROM notes")).isEqualTo("1");
    }

    @Test
    void afterAFailureTheSameStatementWorks() {
        add("A", 1);
        assertThatThrownBy(() -> add("A", 1)).isInstanceOf(DatabaseException.class);

        assertThat(add("B", 2)).isEqualTo(1);
    }

    @Test
    void somebodyElsesLockIsToldAsSuch() {
        old.run("BEGIN IMMEDIATE");
        try {
            assertThatThrownBy(() -> add("A", 1)).isInstanceOf(DatabaseBusyException.class);
        } finally {
            old.run("ROLLBACK");
        }
    }

    @Test
    void aWrongNameIsAMistakeOfTheProgrammer() {
        add("A", 1);

        assertThatThrownBy(() -> database.read(handle -> handle.query(FIND).bind("nmae", "A")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("\"find a note\" has no parameter :nmae");
        assertThatThrownBy(() -> database.read(handle -> handle.query(FIND).exists()))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> database.read(handle -> handle.query(ALL).one(row -> row.text("nmae"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("\"all notes\" has no column nmae");
    }

    @Test
    void aSchemaThatChangesUnderAKeptStatementIsNoticed() {
        add("A", 1);
        database.read(handle -> handle.query(ALL).exists());
        old.run("CREATE TABLE other (name TEXT, size INTEGER)");
        old.run("DROP TABLE notes");
        old.run("ALTER TABLE other RENAME TO notes");
        old.run("INSERT INTO notes VALUES ('B', 2)");

        assertThat(database.<List<String>>read(handle -> handle.query(ALL).list(row -> row.requiredText("name"))))
                .containsExactly("B");
    }

    @Test
    void colonsInTextsAndCastsAreNoParameters() {
        Sql.Resolved resolved = Sql.of("a test", "SELECT '12:30', \"a:b\", :a::text, strftime('%H:%M', :b), :a")
                .resolve(Vocabulary.EMPTY, false);

        assertThat(resolved.text()).isEqualTo("SELECT '12:30', \"a:b\", ?::text, strftime('%H:%M', ?), ?");
        assertThat(resolved.positions()).isEqualTo(Map.of("a", List.of(1, 3), "b", List.of(2)));
    }

    @Test
    void aParameterThatOccursSeveralTimesIsBoundOnceWhereParametersHaveNumbers() {
        Sql.Resolved resolved = Sql.of("a test", "SELECT :a, ':a', :b, :a").resolve(Vocabulary.EMPTY, true);

        assertThat(resolved.text()).isEqualTo("SELECT ?1, ':a', ?2, ?1");
        assertThat(resolved.positions()).isEqualTo(Map.of("a", List.of(1), "b", List.of(2)));
        assertThat(resolved.count()).isEqualTo(2);
    }

    @Test
    void wordsAreReplacedByWhatTheyMeanHere() {
        Vocabulary vocabulary = Vocabulary.EMPTY.with(Map.of("plan", "u.\"{column}\"", "column", "tariff"));

        assertThat(Sql.of("a test", "SELECT {plan} FROM users u")
                        .resolve(vocabulary, false)
                        .text())
                .isEqualTo("SELECT u.\"tariff\" FROM users u");
        assertThatThrownBy(() -> Sql.of("a test", "SELECT {plna}").resolve(vocabulary, false))
                .hasMessage("there is no meaning for {plna}");
    }
}
