package org.multisession.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.multisession.config.DatabaseLocation.JndiName;
import org.multisession.config.DatabaseLocation.PostgresUrl;
import org.multisession.config.DatabaseLocation.SqlitePath;
import org.multisession.config.Settings.MigrationBackup;

/** Which database to use, and how. */
final class DatabaseKeys {

    static final Keys KEYS = new Keys("");

    static final Setting<String> URL = KEYS.of(
            "db.url",
            "jdbc:sqlite:${catalina.base}/multi-session/multi-session.db",
            "the path of a SQLite file without parameters (jdbc:sqlite: may stand before it),"
                    + " jdbc:postgresql://HOST/DATABASE, or java:comp/env/NAME",
            "The database: a SQLite file, a database of a [PostgreSQL](postgresql.md) server, or a pool of Tomcat's on one",
            DatabaseKeys::withPlaceholders);

    private static final Setting<Optional<String>> USER =
            KEYS.optional("db.user", "the name of an account", "The account on the PostgreSQL server", text -> text);

    private static final Setting<Optional<String>> PASSWORD =
            KEYS.optionalSecret("db.password", "a password", "Its password, if the server asks for one", text -> text);

    private static final Setting<Optional<Boolean>> CREATE = KEYS.optional(
            "db.create",
            "true or false",
            "Whether a missing SQLite file may be created. If not set: only at the default path",
            Keys::bool);

    private static final Setting<Integer> POOL_SIZE = KEYS.whole(
            "db.pool-size",
            8,
            1,
            64,
            "SQLite: how many requests may read at the same time; there is always one writer. PostgreSQL: how many"
                    + " connections there are, 2 at least");

    private static final Setting<MigrationBackup> BACKUP = KEYS.choice(
            "migration.backup",
            MigrationBackup.AUTO,
            "SQLite only. `auto`: before the first change, an existing database is copied into its own folder, and the copy"
                    + " verified");

    private static final Setting<Integer> BACKUPS_KEPT = KEYS.whole(
            "migration.backup-keep",
            3,
            1,
            1000,
            "How many of these copies are kept: after a migration that made one, the oldest are removed");

    private static final Pattern JNDI = Pattern.compile("java:comp/env/[\\w./-]+");

    /** One host or several, perhaps with ports; the driver understands no account before them. */
    private static final Pattern POSTGRES =
            Pattern.compile("jdbc:postgresql:(//[^/?#@\\s]+/)?[^/?#@\\s]+(\\?[^?#\\s]*)?");

    private static final Pattern USER_IN_URL = Pattern.compile("[?&]user=[^&]");

    private static final Pattern OTHER_THAN_PRIMARY = Pattern.compile("[?&]targetServerType=(?!primary(&|$))");

    private DatabaseKeys() {}

    /** Null after a fault. */
    @SuppressWarnings("NullAway")
    static DatabaseLocation location(SettingReader reader) {
        String user = reader.optional(USER).orElse(null);
        String password = reader.optional(PASSWORD).orElse(null);
        int faults = reader.faults().size();
        String url = reader.get(URL);
        if (reader.faults().size() > faults) {
            // It is the default now, of which nothing must be said.
            return null;
        }
        DatabaseLocation location = reader.check(URL, url, text -> location(text, user, password));
        if (location instanceof SqlitePath) {
            refuse(reader, List.of(USER, PASSWORD), "is for PostgreSQL, and the database is a SQLite file");
        } else if (location != null) {
            refuse(reader, List.of(CREATE), "is for SQLite. On a server, CREATE DATABASE makes one; remove this key");
            refuse(
                    reader,
                    List.of(BACKUP, BACKUPS_KEPT),
                    "is for SQLite. A database of a server is not copied before the migration: use pg_dump, and remove this"
                            + " key");
        }
        if (location instanceof JndiName) {
            refuse(
                    reader,
                    List.of(USER, PASSWORD, POOL_SIZE),
                    "has no effect: the pool of Tomcat has its own. Remove this key");
        }
        if (location instanceof PostgresUrl && user == null && !reader.isSet(USER) && !namesAUser(location)) {
            reader.fault(USER.key() + " is missing: the account on the PostgreSQL server");
        }
        if (user != null && namesAUser(location)) {
            reader.fault(URL.key() + " names an account as well as " + USER.key() + ": remove one of the two");
        }
        if (location instanceof PostgresUrl postgres
                && OTHER_THAN_PRIMARY.matcher(postgres.url()).find()) {
            reader.fault(
                    URL.key() + " must name targetServerType=primary or none: a standby does not know of the latest"
                            + " sign-outs");
        }
        return location;
    }

    private static void refuse(SettingReader reader, List<Setting<?>> keys, String why) {
        for (Setting<?> key : keys) {
            if (reader.isSet(key)) {
                reader.fault(key.key() + " " + why);
            }
        }
    }

    private static boolean namesAUser(@Nullable DatabaseLocation location) {
        return location instanceof PostgresUrl postgres
                && USER_IN_URL.matcher(postgres.url()).find();
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

    /** A connection to a server may be needed beside the one that holds a lock, so one is too few there. */
    static void requireTwoConnections(SettingReader reader, DatabaseLocation location, int poolSize) {
        if (!(location instanceof SqlitePath) && poolSize == 1) {
            reader.fault(POOL_SIZE.key() + " must be at least 2 on PostgreSQL");
        }
    }

    static String withPlaceholders(String text) {
        return text.replace("${catalina.base}", System.getProperty("catalina.base", "."));
    }

    private static DatabaseLocation location(String url, @Nullable String user, @Nullable String password) {
        if (url.startsWith("java:")) {
            return new JndiName(Keys.require(url, JNDI.matcher(url).matches()));
        }
        if (url.startsWith("jdbc:postgresql:")) {
            return new PostgresUrl(Keys.require(url, POSTGRES.matcher(url).matches()), user, password);
        }
        return new SqlitePath(path(url));
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
        return Path.of(Keys.require(path, plain)).toAbsolutePath().normalize();
    }
}
