package org.multisession.db.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.Handle;

/** A copy page by page goes where it is told to, whatever signs the names of folders hold. */
class PageCopyTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain",
                "a b",
                "100%",
                "per%20cent",
                "a#b",
                "a?b",
                "a?mode=ro&b=c",
                "a?cache=shared",
                "file:x",
                "ж"
            })
    void it_goes_where_it_is_told_to_whatever_the_folder_is_called(String name) throws SQLException, IOException {
        Path inside = Files.createDirectory(folder.resolve(name));
        Path source = inside.resolve("source.db");
        try (Connection connection =
                DriverManager.getConnection("jdbc:sqlite:file:" + source.toUri().getRawPath())) {
            Sqlite.run(connection, "CREATE TABLE of_the_team AS SELECT 'a row' AS \"column\"");
            Sqlite.run(connection, "BEGIN");
            PageCopy.quicklyInto(Handle.on(connection, Sqlite.VENDOR), inside.resolve("quick.db"));
            PageCopy.into(Handle.on(connection, Sqlite.VENDOR), inside.resolve("slow.db"));
            Sqlite.run(connection, "ROLLBACK");
        }
        assertThat(files(inside)).containsExactly("quick.db", "slow.db", "source.db");
        assertThat(files(folder)).containsExactly(name);
        assertThat(inside.resolve("quick.db")).hasSameBinaryContentAs(source);
        assertThat(inside.resolve("slow.db")).hasSameBinaryContentAs(source);
    }

    /** What others have written since the room was made, and what they have made smaller. */
    @ParameterizedTest
    @CsvSource({"512, 0", "512, 10000000", "4096, 1", "4096, 300000", "4096, 20000000", "65536, 5000000"})
    void room_that_was_made_for_it_leaves_nothing_in_the_copy(int page, long bytes) throws SQLException, IOException {
        Path source = folder.resolve("source.db");
        Path target = folder.resolve("target.db");
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + source)) {
            Sqlite.run(connection, "PRAGMA page_size=" + page);
            Sqlite.run(connection, "PRAGMA auto_vacuum=FULL");
            Sqlite.run(connection, "CREATE TABLE of_the_team AS SELECT randomblob(1000000) AS \"column\"");
            PageCopy.makeRoom(target, bytes, page);
            Sqlite.run(connection, "BEGIN");
            Sqlite.run(connection, "SELECT count(*) FROM of_the_team");
            PageCopy.quicklyInto(Handle.on(connection, Sqlite.VENDOR), target);
            Sqlite.run(connection, "ROLLBACK");
        }
        assertThat(withoutCounters(target)).isEqualTo(withoutCounters(source));
    }

    /** SQLite counts the changes of each file for itself, and those of its schema. */
    private static byte[] withoutCounters(Path database) throws IOException {
        byte[] bytes = Files.readAllBytes(database);
        Arrays.fill(bytes, 24, 28, (byte) 0);
        Arrays.fill(bytes, 40, 44, (byte) 0);
        Arrays.fill(bytes, 92, 100, (byte) 0);
        return bytes;
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
