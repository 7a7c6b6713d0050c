package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.Sibling;
import org.multisession.testing.TestClock;

class PostgresSiblingQueryTest extends SiblingQueryContract {

    private static final Path TABLES = Path.of("docs/siblings/postgresql.sql");

    @Override
    PostgresApp make(String form) {
        return PostgresApp.make(form);
    }

    /** The rows are the same. */
    @Override
    PostgresApp makeVectors(String script) {
        try {
            return PostgresApp.makeBy(Files.readString(TABLES) + script.substring(script.indexOf("\nINSERT")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    Sibling open(OldApp database) {
        return Sibling.openOnPostgres(((PostgresApp) database).url(), Sibling.POSTGRES_QUERY);
    }

    @Override
    List<String> columns(OldApp database, String table) {
        return database
                .all(
                        "SELECT attname || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute"
                                + " WHERE attrelid = to_regclass(?) AND attnum > 0 ORDER BY attnum",
                        table)
                .stream()
                .map(String::valueOf)
                .toList();
    }

    @Test
    void every_step_goes_by_an_index() {
        try (PostgresApp database = make("multi")) {
            NewApp.deploy(database.claim(), new TestClock()).close();
            // There are too few rows for it to be worth it.
            database.run("SET enable_seqscan = off");
            String query = Sibling.POSTGRES_QUERY.replace(":token", "'a'").replace(":hash", "'b'");
            assertThat(database.all("EXPLAIN " + query))
                    .hasSizeGreaterThan(6)
                    .noneMatch(step -> step.matches(".*Seq Scan on (users|user_sessions|multisession_).*"));
        }
    }

    @Test
    void an_account_that_may_read_what_the_document_lists_can_ask() {
        try (PostgresApp database = make("multi")) {
            NewApp.deploy(database.claim(), new TestClock()).close();
            database.run("DROP ROLE IF EXISTS sibling; CREATE ROLE sibling; GRANT SELECT ON users, user_sessions,"
                    + " multisession_tokens, multisession_rows, multisession_accounts, multisession_state,"
                    + " multisession_triggers TO sibling; SET ROLE sibling");
            String query = Sibling.POSTGRES_QUERY
                    .replace(":token", "'x_bTIrwgXybeFTmZ6NkjtjuSYc40vLDvG5xxH4Q-BdU'")
                    .replace(":hash", "'b'");
            assertThat(database.one(query)).isEqualTo("44");
            database.run("RESET ROLE; DROP OWNED BY sibling; DROP ROLE sibling");
        }
    }
}
