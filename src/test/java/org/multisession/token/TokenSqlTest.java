package org.multisession.token;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.SqliteApp;

/** What SQL takes for a hash is what Java takes for one. */
class TokenSqlTest {

    @TempDir
    Path folder;

    @Test
    void a_hash_has_one_shape_in_sql_and_in_java_and_case_counts() {
        String hash = TokenHash.of("a token");
        try (SqliteApp old = SqliteApp.open(folder.resolve("app.db"))) {
            for (String text : new String[] {
                hash,
                hash.toUpperCase(Locale.ROOT),
                hash.replace("sha256:", "SHA256:"),
                hash.substring(0, 49),
                hash + "A",
                hash.substring(0, 49) + "=",
                hash.substring(0, 49) + "é",
                "sha256:",
                "x".repeat(50),
                ""
            }) {
                String isOne = old.one("SELECT " + TokenSql.isHash("t") + " FROM (SELECT ? AS t)", text);
                assertThat(isOne).as(text).isEqualTo(TokenHash.isOne(text) ? "1" : "0");
            }
        }
    }
}
