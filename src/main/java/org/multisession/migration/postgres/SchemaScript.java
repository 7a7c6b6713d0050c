package org.multisession.migration.postgres;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.multisession.migration.SqlScript;

/**
 * One statement of our schema, which makes one object.
 *
 * @param kind {@code table}, {@code index}, {@code view}, {@code function} or {@code trigger}
 * @param on the table that a trigger or an index is on; empty for the others
 */
record SchemaScript(String kind, String name, String on, String sql) {

    private static final String FOLDER = "/db/postgres/";
    private static final String USERS_FILE = "V001__users.sql";

    /** In the order in which they are made. */
    private static final List<String> FILES = List.of(
            "V000__functions.sql",
            "V002__user_sessions.sql",
            "V003__tokens.sql",
            "V006__codes.sql",
            "V007__auth_events.sql",
            "V008__devices.sql",
            "V009__witnesses.sql",
            "V011__absent_tokens.sql",
            "V013__sign_ins.sql",
            "V014__known_and_strangers.sql",
            "V015__watched.sql",
            "V004__triggers.sql",
            "V010__phones.sql",
            "V005__lookup_indexes.sql");

    private static final Pattern CREATE = Pattern.compile(
            "CREATE (?:OR REPLACE )?(?:UNIQUE )?(TABLE|INDEX|VIEW|FUNCTION|TRIGGER) (?:IF NOT EXISTS )?(\\w+)");
    private static final Pattern ON = Pattern.compile("\\bON (\\w+)");

    /** All that a database of the team's gets, in order. */
    static List<SchemaScript> all() {
        return FILES.stream().flatMap(file -> read(file).stream()).toList();
    }

    /** What a new, empty database gets besides: the table {@code users}. */
    static List<SchemaScript> users() {
        return read(USERS_FILE);
    }

    /** Our triggers on the team's tables. */
    static List<SchemaScript> triggers() {
        return all().stream().filter(SchemaScript::isTrigger).toList();
    }

    /** What changes with any statement of the schema. */
    static String version(List<SchemaScript> all) {
        String text = all.stream().map(SchemaScript::sql).collect(Collectors.joining(";"));
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<SchemaScript> read(String file) {
        List<SchemaScript> statements = new ArrayList<>();
        for (String sql : SqlScript.statements(FOLDER + file)) {
            Matcher create = CREATE.matcher(sql);
            if (!create.lookingAt()) {
                throw new IllegalStateException(file + " has a statement that makes nothing known");
            }
            String kind = create.group(1).toLowerCase(Locale.ROOT);
            Matcher on = ON.matcher(sql);
            boolean isOnTable = (kind.equals("trigger") || kind.equals("index")) && on.find();
            statements.add(new SchemaScript(kind, create.group(2), isOnTable ? on.group(1) : "", sql));
        }
        return statements;
    }

    boolean isTrigger() {
        return kind.equals("trigger");
    }

    /** Whether it is on a table of the team's, which others use meanwhile. */
    boolean isOnTeamsTable() {
        return on.equals("users") || on.equals("user_sessions");
    }

    /** Whether it may be replaced with itself at any time. */
    boolean isReplaceable() {
        return kind.equals("function") || kind.equals("view");
    }
}
