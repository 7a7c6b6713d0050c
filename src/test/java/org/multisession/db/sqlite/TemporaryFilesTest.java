package org.multisession.db.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.Database;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.OtherAccount;

/** SQLite finds a place for its temporary files, also in a container with a read-only root. */
class TemporaryFilesTest {

    private static final Path OPEN_FILES = Path.of("/proc/self/fd");

    /** More than SQLite keeps in memory. */
    private static final String MUCH = "CREATE TEMP TABLE much AS WITH RECURSIVE n(x) AS"
            + " (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000) SELECT x, randomblob(1000) FROM n";

    @TempDir
    Path folder;

    @Test
    void none_of_its_usual_folders_can_be_used_where_they_are_missing_or_no_folders() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        assertThat(TemporaryFiles.isHomeless(List.of())).isTrue();
        assertThat(TemporaryFiles.isHomeless(List.of(folder.resolve("missing"), file)))
                .isTrue();
        assertThat(TemporaryFiles.isHomeless(List.of(folder.resolve("missing"), folder)))
                .isFalse();
    }

    /** Everything that SQLite knows is there and cannot be written, as in a container with a read-only root. */
    private static final String IN_SUCH_A_CONTAINER = """
            set -e
            mount --bind "$1" "$1"
            for folder in /var/tmp /usr/tmp /tmp; do
              if [ -d $folder ]; then mount --rbind $folder $folder; mount -o remount,ro,bind $folder; fi
            done
            unset SQLITE_TMPDIR TMPDIR
            cd /var/tmp
            shift
            exec "$@"
            """;

    @Test
    void in_a_container_with_a_read_only_root_they_are_in_javas_folder() throws IOException {
        List<String> asInAContainer = List.of("unshare", "-m", "sh", "-c", IN_SUCH_A_CONTAINER, "sh");
        if (!OtherAccount.succeeds(concat(asInAContainer, folder.toString(), "true"))) {
            System.out.println("Skipped: no folder can be mounted read-only here; as root, it can");
            abort("no folder can be mounted read-only here");
        }
        Path database = Files.createFile(folder.resolve("any.db"));
        try (ChildJvm child = ChildJvm.start(
                concat(asInAContainer, folder.toString()),
                absolute(System.getProperty("java.class.path")),
                folder,
                TemporaryFilesTest.class,
                database.toString())) {
            assertThat(child.hear()).startsWith(folder + "/");
        }
    }

    /** In the child: says where the temporary files are. */
    public static void main(String[] arguments) throws IOException {
        try (SqliteFile file = SqliteFile.claim(Path.of(arguments[0]), false, "/test");
                Database opened = Database.open(file, 1, Duration.ofSeconds(5))) {
            String found = opened.outsideTransaction(handle -> {
                Sqlite.run(handle.connection(), MUCH);
                return temporaryFile();
            });
            System.out.println(found);
        }
    }

    /** They have names of their own, and are deleted while they are open. */
    private static String temporaryFile() {
        try (Stream<Path> all = Files.list(OPEN_FILES)) {
            return all.map(TemporaryFilesTest::target)
                    .filter(file -> file.contains("etilqs"))
                    .findFirst()
                    .orElse("nowhere");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> concat(List<String> some, String... others) {
        return Stream.concat(some.stream(), Stream.of(others)).toList();
    }

    private static String absolute(String classPath) {
        return Stream.of(classPath.split(File.pathSeparator))
                .map(part -> Path.of(part).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            // The one by which they are listed.
            return "";
        }
    }
}
