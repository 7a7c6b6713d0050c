package org.multisession.migration;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A table, index or trigger that the migration makes sure of, from the files under {@code db/}. The files are the only
 * place that makes anything.
 *
 * @param kind {@code table}, {@code index} or {@code trigger}, as the catalogue calls it
 * @param sql the statement that makes it, with {@code IF NOT EXISTS}
 */
record SchemaObject(String kind, String name, String sql) {

    static final String OUR_PREFIX = "multisession_";

    /** A trigger that tells which of the others have been there all the time. */
    static final String MADE_LAST = "multisession_watched";

    private static final Set<String> OLD_APPS =
            Set.of("users", "user_sessions", "idx_user_session_user_id", "idx_user_session_auth_token");

    private static final String FOLDER = "/db/sqlite/";
    private static final String USERS_FILE = "V001__users.sql";
    private static final List<String> FILES = List.of(
            "V002__user_sessions.sql",
            "V003__tokens.sql",
            "V004__triggers.sql",
            "V005__lookup_indexes.sql",
            "V006__codes.sql",
            "V007__auth_events.sql",
            "V008__devices.sql",
            "V009__witnesses.sql",
            "V010__phones.sql",
            "V011__absent_tokens.sql",
            "V013__sign_ins.sql",
            "V014__known_and_strangers.sql",
            "V015__watched.sql");

    /** Indexes of earlier versions that are in the way now, and are dropped. */
    private static final Set<String> RETIRED = Set.of("multisession_users_phone_tail");

    private static final Pattern CREATE =
            Pattern.compile("CREATE (?:UNIQUE )?(TABLE|INDEX|TRIGGER) IF NOT EXISTS (\\w+)");

    /** Made in a new, empty database only. */
    static List<SchemaObject> users() {
        return read(USERS_FILE);
    }

    /** Made sure of in every database, in this order. */
    static List<SchemaObject> additions() {
        return FILES.stream().flatMap(file -> read(file).stream()).toList();
    }

    /** Whether an index of this name was made by an earlier version, and is to be dropped. */
    static boolean isRetired(String name) {
        return RETIRED.contains(name);
    }

    /** Whether only this product makes it; the others may be the old app's, and are taken as they are. */
    boolean isOurs() {
        return !OLD_APPS.contains(name);
    }

    /** Whether an uninstall can tell by the name that it is ours. */
    boolean isMarkedByName() {
        return name.startsWith(OUR_PREFIX);
    }

    boolean isMadeLast() {
        return name.equals(MADE_LAST);
    }

    boolean isTable() {
        return kind.equals("table");
    }

    /** Whether it is an index or a trigger of this table. */
    boolean isOn(String table) {
        return Pattern.compile("\\bON " + Pattern.quote(table) + "\\b")
                .matcher(sql)
                .find();
    }

    /** The statement as SQLite's catalogue keeps it. */
    String catalogued() {
        return sql.replaceFirst(" IF NOT EXISTS", "");
    }

    private static List<SchemaObject> read(String file) {
        List<SchemaObject> objects = new ArrayList<>();
        for (String sql : SqlScript.statements(FOLDER + file)) {
            Matcher create = CREATE.matcher(sql);
            if (!create.lookingAt()) {
                throw new IllegalStateException(file + " has a statement that makes nothing known");
            }
            objects.add(new SchemaObject(create.group(1).toLowerCase(Locale.ROOT), create.group(2), sql));
        }
        return objects;
    }
}
