-- Our triggers that are there, fire, and have done so all the time: not on a table that somebody has made anew, and put them
-- back. The migration notes the numbers of the tables in the catalogue. A database that was restored from a dump has others
-- throughout, and a table of ours tells.
CREATE OR REPLACE VIEW multisession_triggers AS
SELECT t.tgname::TEXT AS name, c.relname::TEXT AS on_table
FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
WHERE t.tgname LIKE 'multisession\_%' AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND pg_table_is_visible(c.oid)
AND NOT EXISTS (SELECT 1 FROM multisession_state w WHERE w.name = 'watched'
	AND split_part(w.value, ' ', 1) = to_regclass('multisession_tokens')::OID::TEXT
	AND c.oid::TEXT NOT IN (split_part(w.value, ' ', 2), split_part(w.value, ' ', 3)))
