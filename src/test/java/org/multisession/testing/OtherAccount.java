package org.multisession.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariDataSource;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.multisession.migration.Migrator;
import org.sqlite.JDBC;

/** Child processes of another account, to whom file permissions mean something where the tests run as root. */
public final class OtherAccount {

    private OtherAccount() {}

    /** What to put before a command so that file permissions count; nothing if they do already. */
    public static List<String> nobody() {
        assumeTrue(File.separatorChar == '/', "file permissions of this kind exist on Unix only");
        return isRoot() ? of(65534, 65534, "--clear-groups") : List.of();
    }

    /** What to put before a command that refuses to run as root; nothing where the tests do not. */
    public static List<String> withoutRoot() {
        return isRoot()
                ? List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all")
                : List.of();
    }

    /** What to put before a command to run it as this account with a second group; only root can. */
    public static List<String> inGroup(int account, int group) {
        assumeTrue(isRoot(), "only root can play two accounts");
        return of(account, account, "--groups=" + group);
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static List<String> of(int account, int group, String groups) {
        List<String> before = List.of("setpriv", "--reuid=" + account, "--regid=" + group, groups, "--inh-caps=-all");
        List<String> trial = new ArrayList<>(before);
        trial.addAll(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-version"));
        assumeTrue(succeeds(trial), "root may write everything, and setpriv cannot run Java as somebody else");
        return before;
    }

    /** Whether a command can be run and ends well. */
    public static boolean succeeds(List<String> command) {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Copies the classes that a child needs to where another account can read them: not in somebody's home. */
    public static String classPath(Path apart) throws IOException {
        List<String> classPath = new ArrayList<>();
        for (Class<?> needed : List.of(
                Migrator.class,
                OtherProcess.class,
                HikariDataSource.class,
                JDBC.class,
                org.slf4j.Logger.class,
                org.slf4j.jul.JDK14LoggerFactory.class,
                com.google.i18n.phonenumbers.PhoneNumberUtil.class)) {
            Path source = Path.of(
                    needed.getProtectionDomain().getCodeSource().getLocation().getPath());
            Path copy = apart.resolve(classPath.size() + "-" + source.getFileName());
            try (Stream<Path> all = Files.walk(source)) {
                for (Path each : all.toList()) {
                    Path target = each.equals(source)
                            ? copy
                            : copy.resolve(source.relativize(each).toString());
                    Files.copy(each, target);
                    permit(target, "rwxr-xr-x");
                }
            }
            classPath.add(copy.toString());
        }
        return String.join(File.pathSeparator, classPath);
    }

    public static void permit(Path path, String permissions) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }
}
