-- Our triggers that are there, fire, and have done so all the time: none that somebody has put back, with the table made
-- anew or without, or has switched off for a while. The migration notes the number of each in the catalogue, and which
-- transaction wrote its row there last. A database that was restored from a dump has others throughout, and what is noted
-- counts for nothing in it: the primary key of a table of ours tells.
CREATE OR REPLACE VIEW multisession_triggers AS
SELECT t.tgname::TEXT AS name,
	CASE t.tgrelid WHEN to_regclass('users') THEN 'users' ELSE 'user_sessions' END COLLATE "C" AS on_table
FROM pg_catalog.pg_trigger t
WHERE t.tgrelid IN (to_regclass('users'), to_regclass('user_sessions'))
AND t.tgname LIKE 'multisession\_%' AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
AND (concat((SELECT concat(k.oid, ' ', k.xmin) FROM pg_catalog.pg_constraint k
		WHERE k.conrelid = to_regclass('multisession_tokens') AND k.contype = 'p'), ' ', t.oid, ' ', t.xmin)
	IN (SELECT n.value FROM multisession_state n WHERE n.name > 'multisession')
	OR coalesce((SELECT n.value NOT LIKE (SELECT concat(k.oid, ' ', k.xmin, ' %') FROM pg_catalog.pg_constraint k
			WHERE k.conrelid = to_regclass('multisession_tokens') AND k.contype = 'p')
		FROM multisession_state n WHERE n.name = t.tgname::TEXT COLLATE "default"), TRUE))
