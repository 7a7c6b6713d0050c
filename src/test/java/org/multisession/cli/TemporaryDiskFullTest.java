package org.multisession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.SmallDisk;
import org.multisession.testing.SqliteApp;

/** A copy fits into the folder for temporary files, and what is tried on it does not. */
@EnabledOnOs(OS.LINUX)
class TemporaryDiskFullTest {

    /** More than one transaction migrates, so that a dry run works on a copy as well. */
    private static final int USERS = 25_000;

    /** For SQLite's library, a copy, and some of what is added to it. */
    private static final int MEGABYTES = 4;

    @TempDir
    Path folder;

    private SqliteApp old;

    @BeforeEach
    void makeTheOldApp() {
        old = SqliteApp.make(folder, "single");
        int unused = old.run(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + USERS + ")"
                        + " INSERT INTO users (phone, auth_token) SELECT '+7900' || (1000000 + i), 'token-of-the-user-' || i FROM n");
    }

    @AfterEach
    void close() {
        old.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"check", "migrate --dry-run"})
    void that_is_no_verdict_on_the_database_and_the_folder_is_named(String command) {
        try (SmallDisk disk = SmallDisk.mount(MEGABYTES);
                ChildJvm child = run(disk.path(), command + " --db.url=" + old.path())) {
            assertThat(child.exit()).as(child.logged()).isEqualTo(Command.COULD_NOT_RUN);
            assertThat(child.logged())
                    .contains("what is tried on a copy in " + disk.path() + " broke off: its disk, ")
                    .contains("Choose another folder with java -Djava.io.tmpdir=FOLDER");
        }
    }

    private static ChildJvm run(Path temporary, String command) {
        return ChildJvm.start(
                temporary, Main.class, Arrays.stream(command.split(" ")).toArray(String[]::new));
    }
}
