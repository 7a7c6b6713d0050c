package org.multisession.migration;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Which version of SQLite can open a database that we have migrated: an older one finds its schema malformed. Read off
 * from what the schema's own files use.
 */
public final class NeededSqlite {

    /** What came with which version, the newest first. */
    private static final Map<Pattern, Integer> FEATURES = features();

    private NeededSqlite() {}

    private static Map<Pattern, Integer> features() {
        Map<Pattern, Integer> features = new LinkedHashMap<>();
        features.put(pattern("IS (NOT )?DISTINCT FROM"), 3_039_000);
        features.put(pattern("\\) (WITHOUT ROWID, )?STRICT\\b"), 3_037_000);
        features.put(pattern("\\bRETURNING\\b"), 3_035_000);
        features.put(pattern("\\b(FILTER|NULLS (FIRST|LAST))\\b|\\bUPDATE \\w+ SET [^;]* FROM\\b"), 3_033_000);
        features.put(pattern("\\bAS \\(.*\\) (STORED|VIRTUAL)|GENERATED ALWAYS"), 3_031_000);
        features.put(pattern("\\bOVER\\s*\\("), 3_025_000);
        features.put(pattern("\\bON CONFLICT\\s*(\\(|DO)"), 3_024_000);
        features.put(pattern("^CREATE (UNIQUE )?INDEX [^(]*\\([^)]*\\("), 3_009_000);
        features.put(pattern("^CREATE\\s+TRIGGER .*\\bWITH\\b .* AS \\("), 3_008_003);
        features.put(pattern("\\) WITHOUT ROWID"), 3_008_002);
        features.put(pattern("^CREATE (UNIQUE )?INDEX .*\\bWHERE\\b"), 3_008_000);
        return features;
    }

    private static Pattern pattern(String feature) {
        return Pattern.compile(feature, Pattern.DOTALL | Pattern.CASE_INSENSITIVE);
    }

    /** As {@code sqlite3_libversion_number()} counts: 3.8.2 is 3008002. */
    public static int version() {
        return of(SchemaObject.additions().stream().map(SchemaObject::sql).toList());
    }

    static int of(List<String> statements) {
        return FEATURES.entrySet().stream()
                .filter(feature -> statements.stream()
                        .anyMatch(sql -> feature.getKey().matcher(sql).find()))
                .mapToInt(Map.Entry::getValue)
                .max()
                .orElse(3_000_000);
    }

    /** For example {@code 3.8.2}. */
    public static String inWords(int version) {
        return version / 1_000_000 + "." + version / 1_000 % 1_000 + "." + version % 1_000;
    }
}
