package org.multisession.migration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The backups that {@link SqliteBackup} has made of a database and left beside it, recognised by their names. A copy that
 * somebody else made under another name is none of them, and neither is an unfinished one.
 */
public final class Backups {

    private static final Logger log = LoggerFactory.getLogger(Backups.class);

    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuuMMdd-HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private static final String INFIX = ".backup-";
    private static final String SUFFIX = ".db";

    private static final Comparator<One> NEWEST_FIRST =
            Comparator.comparing(One::made).thenComparing(One::number).reversed();

    /**
     * One backup.
     *
     * @param made when it was made, to the second
     * @param number tells those of the same second apart, from 1 on
     * @param size in bytes
     */
    public record One(Path file, Instant made, int number, long size) {}

    private Backups() {}

    /** The name of a backup made at this moment; the number tells those of the same second apart. */
    static String name(Path database, Instant made, int number) {
        return database.getFileName() + INFIX + STAMP.format(made) + (number == 1 ? "" : "-" + number) + SUFFIX;
    }

    /**
     * The backups of a database, newest first.
     *
     * @throws IOException if the folder cannot be read
     */
    public static List<One> of(Path database) throws IOException {
        // Where the file really is: the backups lie there too.
        Path file = database.toRealPath();
        Pattern name = Pattern.compile(
                Pattern.quote(file.getFileName() + INFIX) + "(\\d{8}-\\d{6}Z)(?:-(\\d{1,6}))?" + Pattern.quote(SUFFIX));
        List<One> found = new ArrayList<>();
        try (Stream<Path> files = Files.list(Objects.requireNonNull(file.getParent()))) {
            for (Path each : files.toList()) {
                Matcher parts = name.matcher(each.getFileName().toString());
                if (parts.matches() && Files.isRegularFile(each)) {
                    addTo(found, each, parts.group(1), parts.group(2) == null ? 1 : Integer.parseInt(parts.group(2)));
                }
            }
        }
        found.sort(NEWEST_FIRST);
        return List.copyOf(found);
    }

    private static void addTo(List<One> found, Path file, String stamp, int number) throws IOException {
        try {
            found.add(new One(file, STAMP.parse(stamp, Instant::from), number, Files.size(file)));
        } catch (DateTimeException e) {
            log.debug("{} is no backup of ours: it has no time in its name", file);
        }
    }

    /**
     * Removes the oldest backups of a database. What cannot be removed is logged, and stays.
     *
     * @param latest the one that has just been made; it stays, also where a clock that was ahead has made others newer
     * @param most how many stay, this one included
     */
    public static void keepNewest(Path database, Path latest, int most) {
        try {
            List<One> others =
                    of(database).stream().filter(one -> !isSame(one, latest)).toList();
            for (One old : others.subList(Math.min(others.size(), most - 1), others.size())) {
                Files.deleteIfExists(old.file());
                log.info("Backup: removed {}, since multisession.migration.backup-keep = {}", old.file(), most);
            }
        } catch (IOException e) {
            log.warn("Backup: an old one could not be removed ({})", e.toString());
        }
    }

    private static boolean isSame(One one, Path latest) {
        return one.file().getFileName().equals(latest.getFileName());
    }
}
