package org.multisession.db.sqlite;

import java.io.IOException;
import java.nio.file.AccessMode;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Why this process may not read or write a file, in words for an operator: which file or folder it is, which account the
 * process runs as, and what the system says. It only looks: no file is opened or made.
 */
public final class FileAccess {

    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

    /** How the kernel escapes a space and the like in a path. */
    private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

    /** In the mode of a folder: new files in it get its group. */
    private static final int SETGID = 02000;

    private static final int MAX_LINKS = 40;

    private FileAccess() {}

    /** The account of this process, for example {@code account tomcat (uid 998)}. */
    public static String account() {
        String name = "account " + System.getProperty("user.name");
        try {
            return name + " (uid " + Files.getAttribute(Path.of("/proc/self"), "unix:uid") + ")";
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            // Not Linux.
            return name;
        }
    }

    /** The folder on the way to a file that may not be entered, or is not a folder. */
    public static Optional<String> obstacleOnTheWayTo(Path file) {
        return obstacleOnTheWayTo(file.toAbsolutePath(), MAX_LINKS);
    }

    private static Optional<String> obstacleOnTheWayTo(Path file, int links) {
        List<Path> folders = new ArrayList<>();
        for (Path folder = file.getParent(); folder != null; folder = folder.getParent()) {
            folders.add(0, folder);
        }
        for (Path folder : folders) {
            if (Files.isDirectory(folder)) {
                if (!Files.isExecutable(folder)) {
                    return Optional.of(denied("enter the folder", folder));
                }
            } else if (Files.isSymbolicLink(folder)) {
                return throughLink(folder, links);
            } else if (Files.exists(folder)) {
                return Optional.of(folder + " is not a folder");
            } else {
                // What does not exist may be created.
                return Optional.empty();
            }
        }
        return Files.isSymbolicLink(file) ? throughLink(file, links) : Optional.empty();
    }

    private static Optional<String> throughLink(Path link, int links) {
        try {
            Path target = link.resolveSibling(Files.readSymbolicLink(link));
            if (links == 0) {
                return Optional.of(link + " is a symbolic link that leads back to itself");
            }
            Optional<String> obstacle = obstacleOnTheWayTo(target, links - 1);
            return obstacle.isPresent() || Files.exists(target)
                    ? obstacle
                    : Optional.of(link + " is a symbolic link to " + target + ", which does not exist");
        } catch (IOException e) {
            return Optional.of(link + " is a symbolic link that cannot be read (" + e.getMessage() + ")");
        }
    }

    /** What keeps this process from reading a file, if there is one. */
    public static Optional<String> obstacleToReading(Path file) {
        return obstacleOnTheWayTo(file)
                .or(() -> isDenied(file, AccessMode.READ)
                        ? Optional.of(denied("read the file", file))
                        : Optional.empty());
    }

    /** What keeps this process from writing into a file, if there is one. */
    public static Optional<String> obstacleToWriting(Path file) {
        return obstacleToReading(file)
                .or(() -> isDenied(file, AccessMode.WRITE)
                        ? Optional.of(unwritable("write the file", file))
                        : Optional.empty());
    }

    /**
     * One question to the system: a journal that a running app has just removed is not one that may not be read, as
     * {@link Files#isReadable} would say.
     */
    private static boolean isDenied(Path file, AccessMode mode) {
        try {
            file.getFileSystem().provider().checkAccess(file, mode);
            return false;
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    /** What keeps this process from creating files in a folder. */
    public static Optional<String> obstacleToMakingFilesIn(Path folder) {
        return obstacleOnTheWayTo(folder.resolve("file")).or(() -> {
            if (!Files.exists(folder)) {
                return Optional.of("no such folder: " + folder);
            }
            return Files.isWritable(folder)
                    ? Optional.empty()
                    : Optional.of(unwritable("make files in the folder", folder));
        });
    }

    /** What keeps this process from running a program or loading a library in a folder. */
    public static Optional<String> obstacleToRunningFrom(Path folder) {
        return obstacleToMakingFilesIn(folder)
                .or(() -> mountOf(folder)
                        .filter(mount -> mount.has("noexec"))
                        .map(mount ->
                                folder + " is on a file system that is mounted noexec (at " + mount.point() + ")"));
    }

    private static String unwritable(String what, Path path) {
        return mountOf(path)
                .filter(mount -> mount.has("ro"))
                .map(mount -> "read-only file system: " + account() + " may not " + what + " " + path
                        + ", because this process sees " + mount.point() + " mounted read-only. If a systemd unit"
                        + " confines the process, as Debian's tomcat10 does, allow it with ReadWritePaths="
                        + (Files.isDirectory(path)
                                ? path
                                : path.toAbsolutePath().getParent())
                        + " in a drop-in of that unit, as docs/files.md shows")
                .orElseGet(() -> denied(what, path));
    }

    private static String denied(String what, Path path) {
        return "permission denied: " + account() + " may not " + what + " " + path + described(path);
    }

    /** For example {@code (rw-r-----, owner app, group app)}. */
    static String described(Path path) {
        try {
            PosixFileAttributes attributes = Files.readAttributes(path, PosixFileAttributes.class);
            return " (" + PosixFilePermissions.toString(attributes.permissions()) + ", owner "
                    + attributes.owner().getName() + ", group "
                    + attributes.group().getName() + ")";
        } catch (IOException | UnsupportedOperationException e) {
            return "";
        }
    }

    private record Mount(Path point, List<String> options) {
        boolean has(String option) {
            return options.contains(option);
        }
    }

    /** The file system of a path, as this process sees it: another process may see it mounted differently. */
    private static Optional<Mount> mountOf(Path path) {
        try {
            Path real = path.toRealPath();
            Mount found = null;
            for (String line : Files.readAllLines(MOUNTS)) {
                String[] fields = line.split(" ");
                int end = List.of(fields).indexOf("-");
                Path point = Path.of(unescaped(fields[4]));
                // A later line covers an earlier one.
                if (real.startsWith(point) && (found == null || point.startsWith(found.point()))) {
                    List<String> options = new ArrayList<>(List.of(fields[5].split(",")));
                    options.addAll(List.of(fields[end + 3].split(",")));
                    found = new Mount(point, options);
                }
            }
            return Optional.ofNullable(found);
        } catch (IOException | IndexOutOfBoundsException e) {
            // Not Linux, no /proc, or a path that cannot be reached.
            return Optional.empty();
        }
    }

    private static String unescaped(String path) {
        return OCTAL.matcher(path)
                .replaceAll(
                        match -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(match.group(1), 8))));
    }

    /** What keeps this process from working on a database: the file, its folder, and what SQLite keeps beside it. */
    static Optional<String> obstacleToUsing(Path database) {
        Optional<String> obstacle = obstacleToWriting(database)
                .or(() -> obstacleToMakingFilesIn(Objects.requireNonNull(database.getParent()))
                        .map(words -> words + ". SQLite keeps its journal beside the database"));
        for (String suffix : SqliteFile.BESIDE) {
            Path beside = Path.of(database + suffix);
            if (obstacle.isEmpty() && Files.exists(beside, LinkOption.NOFOLLOW_LINKS)) {
                obstacle = obstacleToWriting(beside)
                        .map(words -> words
                                + ". The account that opened the database first created it; docs/files.md explains what two"
                                + " accounts need to share one");
            }
        }
        return obstacle;
    }

    /**
     * Why SQLite's files beside a database with write-ahead logging would shut other accounts out that may use the
     * database itself. They get its mode, and belong to the group of whoever opens it first, unless the folder passes its
     * own group on (setgid).
     */
    public static Optional<String> logThatShutsOthersOut(Path database) {
        try {
            PosixFileAttributes file = Files.readAttributes(database, PosixFileAttributes.class);
            Path folder = Objects.requireNonNull(database.toAbsolutePath().getParent());
            boolean forAGroup = isForAGroupOnly(file, PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_READ)
                    || isForAGroupOnly(file, PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);
            Object folderGroup = Files.getAttribute(folder, "unix:gid");
            boolean passedOn = ((Integer) Files.getAttribute(folder, "unix:mode") & SETGID) != 0
                    && folderGroup.equals(Files.getAttribute(database, "unix:gid"));
            if (!forAGroup || passedOn) {
                return Optional.empty();
            }
            String group = file.group().getName();
            return Optional.of(database + described(database) + " is meant for the accounts of the group " + group
                    + ", but its -wal and -shm will belong to the group of whichever account opens it first, which"
                    + " shuts the others out ('unable to open database file'). Let the folder pass on its group: chgrp "
                    + group + " " + folder + " && chmod g+rwxs " + folder + "; docs/files.md explains the rest");
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            // This system has no owners and groups.
            return Optional.empty();
        }
    }

    /** The same for this process, whose own group may be the right one. */
    public static Optional<String> logOfOursThatShutsOthersOut(Path database) {
        try {
            Path self = Path.of("/proc/self");
            // SQLite gives what root creates to the owner and the group of the database.
            boolean harmless = Files.getAttribute(self, "unix:uid").equals(0)
                    || Files.getAttribute(self, "unix:gid").equals(Files.getAttribute(database, "unix:gid"));
            return harmless ? Optional.empty() : logThatShutsOthersOut(database);
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static boolean isForAGroupOnly(
            PosixFileAttributes file, PosixFilePermission ofGroup, PosixFilePermission ofOthers) {
        return file.permissions().contains(ofGroup) && !file.permissions().contains(ofOthers);
    }
}
