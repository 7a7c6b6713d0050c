-- Our triggers that are there, fire, and have done so all the time: not on a table that somebody has made anew, and put them
-- back. The migration notes the numbers of the tables in the catalogue. A database that was restored from a dump has others
-- throughout, and the primary key of a table of ours tells: it is made after all tables. In a new server the numbers of tables
-- are given out by their names, and those of some may be the same again.
CREATE OR REPLACE VIEW multisession_triggers AS
SELECT t.tgname::TEXT AS name, c.relname::TEXT AS on_table
FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
WHERE t.tgname LIKE 'multisession\_%' AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND pg_table_is_visible(c.oid)
AND NOT EXISTS (SELECT 1 FROM multisession_state w WHERE w.name = 'watched'
	AND CASE WHEN c.oid::TEXT NOT IN (split_part(w.value, ' ', 2), split_part(w.value, ' ', 3)) THEN
		split_part(w.value, ' ', 1) = (SELECT k.oid::TEXT FROM pg_catalog.pg_constraint k
			WHERE k.conrelid = to_regclass('multisession_tokens') AND k.contype = 'p') END)
