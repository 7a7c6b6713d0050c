package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.Database;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.SqliteApp;

/** What is read of a database's own catalogue. */
class CatalogueTest {

    private static final String SCHEMA = """
            CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT UNIQUE, name TEXT);
            CREATE TABLE notes (a INT, b INT, PRIMARY KEY (a, b));
            CREATE VIEW names AS SELECT name FROM users;
            CREATE INDEX users_name ON users (name);
            CREATE TRIGGER users AFTER INSERT ON users BEGIN DELETE FROM notes; END;
            CREATE TRIGGER of_notes AFTER INSERT ON notes BEGIN DELETE FROM notes; END;
            """;

    @TempDir
    Path folder;

    private SqliteFile file;
    private Database database;

    @BeforeEach
    void open() {
        try (SqliteApp old = SqliteApp.makeBy(folder, SCHEMA)) {
            file = SqliteFile.claim(old.path(), false, "/test");
        }
        database = Database.open(file, 1, Duration.ofSeconds(5));
    }

    @AfterEach
    void close() {
        database.close();
        file.close();
    }

    private Catalogue catalogue() {
        return database.read(Catalogue::read);
    }

    private boolean isUnique(String table, String column) {
        return database.<Boolean>read(handle -> Catalogue.isUnique(handle, table, column));
    }

    @Test
    void relations_are_tables_and_views() {
        assertThat(catalogue().relations()).containsExactlyInAnyOrder("users", "notes", "names");
    }

    @Test
    void a_trigger_may_have_the_name_of_a_table() {
        assertThat(catalogue().get("users")).extracting(Catalogue.Entry::type).isEqualTo("table");
        assertThat(catalogue().triggersOn(Set.of("users"))).containsExactly("users");
        assertThat(catalogue().triggersOn(Set.of("users", "notes"))).containsExactlyInAnyOrder("users", "of_notes");
    }

    @Test
    void a_column_is_unique_by_the_whole_key_or_an_index_of_its_own() {
        assertThat(isUnique("users", "id")).isTrue();
        assertThat(isUnique("users", "phone")).isTrue();
        assertThat(isUnique("users", "name")).isFalse();
        assertThat(isUnique("notes", "a")).isFalse();
    }

    @Test
    void the_schema_without_some_is_that_of_all_others() {
        assertThat(catalogue().schemaWithout(Set.of("users_name")))
                .contains("CREATE TABLE users", "CREATE VIEW names", "CREATE TRIGGER of_notes")
                .doesNotContain("CREATE INDEX");
    }

    /** A tool that writes triggers by their names must not make it look as if somebody had put all of them back. */
    @Test
    void what_is_made_last_comes_last_by_its_name_too() {
        List<String> triggers = SchemaObject.additions().stream()
                .filter(object -> object.kind().equals("trigger"))
                .map(SchemaObject::name)
                .toList();
        assertThat(triggers).last().isEqualTo(SchemaObject.MADE_LAST);
        assertThat(triggers.stream().max(Comparator.naturalOrder())).hasValue(SchemaObject.MADE_LAST);
    }
}
