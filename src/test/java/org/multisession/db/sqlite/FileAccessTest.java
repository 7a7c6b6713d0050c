package org.multisession.db.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.multisession.testing.OtherAccount.permit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.OtherAccount;
import org.multisession.testing.OtherProcess;
import org.multisession.testing.SqliteApp;

/** What keeps an account from the database is named with file or folder, account and cause. */
class FileAccessTest {

    private static final int GROUP = 65500;
    private static final int ONE = 65501;
    private static final int ANOTHER = 65502;

    @TempDir
    Path folder;

    @TempDir
    Path apart;

    private Path made(String mode) {
        try (SqliteApp database = SqliteApp.make(folder, "single")) {
            database.all("PRAGMA journal_mode=" + mode);
            return database.path();
        }
    }

    /** A command that mounts something for itself alone and then runs another. */
    private static List<String> mounting(String mount) {
        List<String> before = List.of("unshare", "-m", "sh", "-c", mount + " && exec \"$@\"", "sh");
        List<String> trial = new ArrayList<>(before);
        trial.add("true");
        assumeTrue(OtherAccount.succeeds(trial), "this account cannot mount anything for itself alone");
        return before;
    }

    private ChildJvm child(List<String> before) throws IOException {
        return ChildJvm.start(before, System.getProperty("java.class.path"), apart, OtherProcess.class);
    }

    @Test
    void a_file_system_that_is_read_only_for_this_process_is_told_from_a_missing_right() throws IOException {
        Path file = made("delete");
        try (ChildJvm confined =
                child(mounting("mount --bind " + folder + " " + folder + " && mount -o remount,bind,ro " + folder))) {
            assertThat(confined.ask("open " + file))
                    .startsWith("failed: read-only file system: " + FileAccess.account() + " may not write the file "
                            + file)
                    .contains("this process sees " + folder + " mounted read-only")
                    .contains("ReadWritePaths=" + folder + " in a drop-in");
        }
        try (ChildJvm free = child(List.of())) {
            assertThat(free.ask("open " + file)).isEqualTo("opened");
        }
    }

    /** The old app makes one for each of its transactions, and removes it. */
    @Test
    void a_journal_that_comes_and_goes_meanwhile_is_no_obstacle() throws Exception {
        Path file = made("delete");
        Path journal = file.resolveSibling(file.getFileName() + "-journal");
        AtomicBoolean isEnough = new AtomicBoolean();
        ExecutorService oldApp = Executors.newSingleThreadExecutor();
        try {
            Future<Integer> transactions = oldApp.submit(() -> {
                int count = 0;
                for (; !isEnough.get() || count < 1000; count++) {
                    Files.createFile(journal);
                    Files.delete(journal);
                }
                return count;
            });
            for (int look = 0; look < 5000; look++) {
                assertThat(FileAccess.obstacleToUsing(file)).isEmpty();
            }
            isEnough.set(true);
            assertThat(transactions.get()).isPositive();
        } finally {
            isEnough.set(true);
            oldApp.shutdown();
        }
    }

    @Test
    void a_temp_folder_that_is_mounted_noexec_is_told_as_the_reason_why_the_library_cannot_be_loaded()
            throws IOException {
        Path file = made("delete");
        try (ChildJvm confined = child(mounting("mount -t tmpfs -o noexec none " + apart))) {
            assertThat(confined.ask("open " + file))
                    .contains(apart + " is on a file system that is mounted noexec (at " + apart + ")")
                    .contains("org.sqlite.tmpdir");
        }
    }

    @Test
    void a_link_to_nothing_and_a_folder_that_is_none_are_told() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link.db"), folder.resolve("gone.db"));
        assertThat(FileAccess.obstacleOnTheWayTo(link).orElseThrow())
                .isEqualTo(link + " is a symbolic link to " + folder.resolve("gone.db") + ", which does not exist");
        Path circle = folder.resolve("circle");
        Files.createSymbolicLink(circle, circle);
        assertThat(FileAccess.obstacleOnTheWayTo(circle).orElseThrow()).contains("leads back to itself");
        Path file = Files.createFile(folder.resolve("file"));
        assertThat(FileAccess.obstacleOnTheWayTo(file.resolve("app.db"))).contains(file + " is not a folder");
        assertThat(FileAccess.obstacleOnTheWayTo(folder.resolve("none").resolve("app.db")))
                .isEmpty();
    }

    /** The whole of it, with two accounts that have a group in common. */
    @Test
    void a_log_that_would_shut_the_other_account_out_is_warned_of_and_the_remedy_lets_both_in() throws IOException {
        List<String> one = OtherAccount.inGroup(ONE, GROUP);
        Path file = made("wal");
        forTheGroup(file, "rw-rw----");
        forTheGroup(folder, "rwxrwx---");
        String classPath = OtherAccount.classPath(apart);
        Path tmp = Files.createDirectory(apart.resolve("tmp"));
        permit(apart, "rwxr-xr-x");
        permit(tmp, "rwxrwxrwx");
        try (ChildJvm first = ChildJvm.start(one, classPath, tmp, OtherProcess.class);
                ChildJvm second =
                        ChildJvm.start(OtherAccount.inGroup(ANOTHER, GROUP), classPath, tmp, OtherProcess.class)) {
            assertThat(FileAccess.logThatShutsOthersOut(file)).isPresent();
            assertThat(first.ask("warning " + file))
                    .startsWith(file + " (rw-rw----, owner root, group " + GROUP
                            + ") is meant for the accounts of the group ")
                    .contains("chmod g+rwxs " + folder);
            assertThat(first.ask("open " + file)).isEqualTo("opened");
            assertThat(second.ask("open " + file))
                    .startsWith("failed: permission denied: account ")
                    .contains(
                            " may not read the file " + file + "-wal (rw-rw----, owner " + ONE + ", group " + ONE + ")")
                    .contains("The account that opened the database first created it");
            assertThat(first.ask("close")).isEqualTo("closed");

            Files.setAttribute(folder, "unix:mode", 0_042770);
            assertThat(FileAccess.logThatShutsOthersOut(file)).isEmpty();
            assertThat(first.ask("warning " + file)).isEqualTo("none");
            assertThat(first.ask("open " + file)).isEqualTo("opened");
            assertThat(second.ask("open " + file)).isEqualTo("opened");
            assertThat(second.ask("migrate")).startsWith("made ");
        }
    }

    @Test
    void a_database_of_one_account_or_of_all_is_warned_of_nowhere() throws IOException {
        Path file = made("wal");
        for (String permissions : List.of("rw-------", "rw-r--r--", "rw-rw-rw-")) {
            permit(file, permissions);
            assertThat(FileAccess.logThatShutsOthersOut(file)).as(permissions).isEmpty();
        }
    }

    private static void forTheGroup(Path path, String permissions) throws IOException {
        Files.setAttribute(path, "unix:gid", GROUP, LinkOption.NOFOLLOW_LINKS);
        permit(path, permissions);
    }
}
