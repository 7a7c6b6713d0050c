package org.multisession.migration.postgres;

/**
 * The statements that note of our triggers what the catalogue says of them. A trigger of which it says something else
 * later was dropped or switched off in between, and counts for nothing until the next migration. In each, <code>{now}</code>
 * stands for the time.
 */
final class TriggerNotes {

    /** By what the view of our triggers knows them again: see there. */
    private static final String NOTE = """
            INSERT INTO multisession_state (name, value, changed_at)
            SELECT t.tgname, concat_ws(' ', k.oid, k.xmin, t.oid, t.xmin), {now}
            FROM pg_catalog.pg_trigger t, pg_catalog.pg_constraint k
            WHERE t.tgrelid IN (to_regclass('users'), to_regclass('user_sessions'))
              AND t.tgname LIKE 'multisession\\_%' AND NOT t.tgisinternal
              AND k.conrelid = to_regclass('multisession_tokens') AND k.contype = 'p'
            """;

    private static final String OVERWRITE = """
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
            """;

    /** Where nothing is noted, or what is noted is of the database that this one was restored from. */
    static final String OF_THIS_DATABASE = NOTE + OVERWRITE + """
            WHERE substring(multisession_state.value FROM '^[0-9]+ [0-9]+') IS DISTINCT FROM
              substring(excluded.value FROM '^[0-9]+ [0-9]+')
            """;

    /** Notes all triggers as they are now: nothing was missed. */
    static final String OF_ALL = NOTE + OVERWRITE;

    private TriggerNotes() {}

    /** Notes a trigger that was just made. */
    static String of(SchemaScript trigger) {
        return NOTE + "AND t.tgname = '" + trigger.name() + "'\n" + OVERWRITE;
    }
}
