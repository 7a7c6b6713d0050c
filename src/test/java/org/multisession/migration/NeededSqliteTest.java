package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The oldest SQLite that can open what we make, by what the schema uses. */
class NeededSqliteTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CREATE TABLE t (x) | 3.0.0",
                "CREATE INDEX i ON t (x) WHERE x > 0 | 3.8.0",
                "CREATE TABLE t (x PRIMARY KEY) WITHOUT ROWID | 3.8.2",
                "CREATE INDEX i ON t (lower(x)) | 3.9.0",
                "CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO u VALUES (1) ON CONFLICT (x) DO NOTHING; END"
                        + " | 3.24.0",
                "CREATE TABLE t (x, y AS (x + 1) STORED) | 3.31.0",
                "CREATE TABLE t (x INTEGER) STRICT | 3.37.0",
                "CREATE TRIGGER r AFTER UPDATE ON t WHEN NEW.x IS NOT DISTINCT FROM OLD.x BEGIN SELECT 1; END"
                        + " | 3.39.0"
            })
    void is_told_by_each_feature(String sql, String version) {
        assertThat(NeededSqlite.inWords(NeededSqlite.of(List.of("CREATE TABLE other (x)", sql))))
                .isEqualTo(version);
    }

    @Test
    void of_our_schema_is_old_enough_for_anybody() {
        assertThat(NeededSqlite.version()).isBetween(3_008_000, 3_009_000);
    }
}
