package org.multisession.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.multisession.config.Settings.MigrationBackup;

/** Which database to use, and how. */
final class DatabaseKeys {

    static final Keys KEYS = new Keys("");

    static final Setting<String> URL = KEYS.of(
            "db.url",
            "jdbc:sqlite:${catalina.base}/multi-session/multi-session.db",
            "jdbc:sqlite: and the path of a database file, or just the path, without parameters",
            "The database file",
            DatabaseKeys::withPlaceholders);

    private static final Setting<Optional<Boolean>> CREATE = KEYS.optional(
            "db.create",
            "true or false",
            "Whether a missing file may be created. If not set: only at the default path",
            Keys::bool);

    private static final Setting<Integer> POOL_SIZE = KEYS.whole(
            "db.pool-size", 8, 1, 64, "How many requests may read at the same time. There is always one writer");

    private static final Setting<MigrationBackup> BACKUP = KEYS.choice(
            "migration.backup",
            MigrationBackup.AUTO,
            "`auto`: before the first change, an existing database is copied into its own folder, and the copy verified");

    private static final Setting<Integer> BACKUPS_KEPT = KEYS.whole(
            "migration.backup-keep",
            3,
            1,
            1000,
            "How many of these copies are kept: after a migration that made one, the oldest are removed");

    private DatabaseKeys() {}

    static Path file(SettingReader reader) {
        return reader.check(URL, reader.get(URL), DatabaseKeys::path);
    }

    static boolean create(SettingReader reader) {
        return reader.optional(CREATE).orElse(!reader.isSet(URL));
    }

    static int poolSize(SettingReader reader) {
        return reader.get(POOL_SIZE);
    }

    static MigrationBackup backup(SettingReader reader) {
        return reader.get(BACKUP);
    }

    static int backupsKept(SettingReader reader) {
        return reader.get(BACKUPS_KEPT);
    }

    static String withPlaceholders(String text) {
        return text.replace("${catalina.base}", System.getProperty("catalina.base", "."));
    }

    private static Path path(String url) {
        String path = url.startsWith("jdbc:sqlite:") ? url.substring("jdbc:sqlite:".length()) : url;
        // SQLite would make a parameter that it does not know part of the name of a new, empty database.
        boolean plain = !path.isBlank()
                && !path.startsWith("jdbc:")
                && !path.startsWith("file:")
                && !path.startsWith(":")
                // Another kind of URL, such as postgres://…, would be taken for a folder of that name.
                && !path.contains("://")
                && path.chars().noneMatch(c -> c == '?' || c < ' ');
        try {
            return Path.of(Keys.require(path, plain)).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
