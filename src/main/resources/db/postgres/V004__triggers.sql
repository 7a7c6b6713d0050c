-- The triggers keep multisession_tokens true also while only the old app runs. They act with the rights of whoever made
-- them, and on the tables of the schema that they were made in, whatever the account and the search path of the old app.
-- A table that another one has taken the place of, by its name or its schema, keeps its triggers, and they only note that
-- they were of no use: should it come back, what happened meanwhile is unseen. One that was only renamed, to shut the old
-- app out for a while, is watched.
-- No conflict with another transaction fails the old app's statement.
-- While a migration is under way, what they see end may not be known yet; then they remember it all the same.
CREATE OR REPLACE FUNCTION multisession_missed(relation OID, trigger NAME) RETURNS VOID
LANGUAGE sql AS
$$UPDATE multisession_state n SET value = substring(n.value FROM '^[0-9]+ [0-9]+ ') || 'missed'
FROM pg_catalog.pg_trigger t WHERE t.tgrelid = relation AND t.tgname = trigger
AND n.name = trigger AND split_part(n.value, ' ', 3) = t.oid::TEXT$$

CREATE OR REPLACE FUNCTION multisession_end(token TEXT, reason TEXT) RETURNS VOID
LANGUAGE sql AS
$$UPDATE multisession_tokens SET ended_at = clock_timestamp(), end_reason = reason
WHERE auth_token = token AND ended_at IS NULL$$

CREATE OR REPLACE FUNCTION multisession_end_row(token TEXT, owner BIGINT, reason TEXT) RETURNS VOID
LANGUAGE sql AS
$$UPDATE multisession_tokens SET ended_at = clock_timestamp(), end_reason = reason
WHERE auth_token = token AND ended_at IS NULL;
INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
SELECT token, owner, clock_timestamp(), clock_timestamp(), reason
WHERE token IS NOT NULL AND EXISTS (SELECT 1 FROM multisession_state WHERE name = 'migration')
ON CONFLICT (auth_token) DO UPDATE SET ended_at = excluded.ended_at, end_reason = excluded.end_reason
WHERE multisession_tokens.ended_at IS NULL$$

CREATE OR REPLACE FUNCTION multisession_session_here() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF TG_RELID IS DISTINCT FROM to_regclass('user_sessions') THEN
		PERFORM multisession_missed(TG_RELID, TG_NAME) WHERE to_regclass('user_sessions') IS NOT NULL;
		RETURN NULL;
	END IF;
	IF TG_OP = 'UPDATE' THEN
		IF NEW.auth_token IS DISTINCT FROM OLD.auth_token OR NEW.user_id IS DISTINCT FROM OLD.user_id THEN
			PERFORM multisession_end_row(OLD.auth_token, OLD.user_id, 'row-changed');
		ELSIF EXISTS (SELECT 1 FROM multisession_rows r
				WHERE r.auth_token = OLD.auth_token AND r.created_at IS DISTINCT FROM OLD.created_at) THEN
			-- It was changed while nobody watched, and what is written down from here on must not make it believed.
			PERFORM multisession_end(OLD.auth_token, 'row-changed');
		END IF;
		-- Another token than the row's own is noted of it if the row lost that one while nobody watched.
		PERFORM multisession_end(r.auth_token, 'row-changed') FROM multisession_rows r
		WHERE r.id = OLD.id AND r.auth_token IS DISTINCT FROM OLD.auth_token;
		DELETE FROM multisession_rows WHERE id = OLD.id;
	ELSE
		-- What is still noted of it, with another time, is of a row that was deleted while nobody watched.
		PERFORM multisession_end(r.auth_token, 'row-deleted') FROM multisession_rows r
		WHERE r.auth_token = NEW.auth_token AND r.created_at IS DISTINCT FROM NEW.created_at;
	END IF;
	PERFORM multisession_end(r.auth_token, 'row-changed') FROM multisession_rows r
	WHERE r.id = NEW.id AND r.auth_token IS DISTINCT FROM NEW.auth_token;
	UPDATE multisession_tokens SET ended_at = clock_timestamp(), end_reason = 'row-changed'
	WHERE ended_at IS NULL AND auth_token = NEW.auth_token AND user_id IS DISTINCT FROM NEW.user_id;
	INSERT INTO multisession_tokens (auth_token, user_id, recorded_at)
	VALUES (NEW.auth_token, NEW.user_id, clock_timestamp()) ON CONFLICT (auth_token) DO NOTHING;
	DELETE FROM multisession_rows WHERE auth_token = NEW.auth_token AND id <> NEW.id;
	INSERT INTO multisession_rows (id, auth_token, created_at) VALUES (NEW.id, NEW.auth_token, NEW.created_at)
	ON CONFLICT (id) DO UPDATE SET auth_token = excluded.auth_token, created_at = excluded.created_at;
	RETURN NULL;
END$$

CREATE OR REPLACE FUNCTION multisession_session_gone() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF TG_RELID = to_regclass('user_sessions') THEN
		PERFORM multisession_end_row(OLD.auth_token, OLD.user_id, 'row-deleted');
		PERFORM multisession_end(r.auth_token, 'row-deleted') FROM multisession_rows r
		WHERE r.id = OLD.id AND r.auth_token IS DISTINCT FROM OLD.auth_token;
		DELETE FROM multisession_rows WHERE id = OLD.id;
	ELSIF to_regclass('user_sessions') IS NOT NULL THEN
		PERFORM multisession_missed(TG_RELID, TG_NAME);
	END IF;
	RETURN NULL;
END$$

CREATE OR REPLACE FUNCTION multisession_all_sessions_gone() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF TG_RELID = to_regclass('user_sessions') THEN
		UPDATE multisession_tokens SET ended_at = clock_timestamp(), end_reason = 'row-deleted' WHERE ended_at IS NULL;
		DELETE FROM multisession_rows;
	ELSIF to_regclass('user_sessions') IS NOT NULL THEN
		PERFORM multisession_missed(TG_RELID, TG_NAME);
	END IF;
	RETURN NULL;
END$$

-- A row that is inserted, or gets another id, is a new account: sessions of whoever had this id before end.
CREATE OR REPLACE FUNCTION multisession_user_here() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	watched BOOLEAN := (SELECT count(*) = 3 FROM multisession_triggers WHERE on_table = 'user_sessions' AND name IN
		('multisession_session_inserted', 'multisession_session_deleted', 'multisession_session_token_changed'));
BEGIN
	IF TG_RELID <> to_regclass('users') THEN
		PERFORM multisession_missed(TG_RELID, TG_NAME);
		RETURN NULL;
	END IF;
	IF TG_OP = 'UPDATE' THEN
		UPDATE multisession_tokens SET ended_at = clock_timestamp(), end_reason = 'user-replaced'
		WHERE user_id = OLD.id AND ended_at IS NULL;
		DELETE FROM multisession_accounts WHERE user_id = OLD.id;
	END IF;
	UPDATE multisession_tokens SET ended_at = clock_timestamp(), end_reason = 'user-replaced'
	WHERE user_id = NEW.id AND ended_at IS NULL;
	INSERT INTO multisession_accounts (user_id, phone, token_tail, unwatched)
	VALUES (NEW.id, left(NEW.phone::TEXT, 100), CASE WHEN watched THEN multisession_mark(NEW.auth_token::TEXT) END, NOT watched)
	ON CONFLICT (user_id) DO UPDATE SET phone = excluded.phone, token_tail = excluded.token_tail, unwatched = excluded.unwatched;
	RETURN NULL;
END$$

CREATE OR REPLACE FUNCTION multisession_user_other() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF TG_RELID <> to_regclass('users') THEN
		PERFORM multisession_missed(TG_RELID, TG_NAME);
		RETURN NULL;
	END IF;
	-- While our triggers count for nothing, a number is noted only in the place of one that was noted before: otherwise it
	-- came in while nobody watched, and the user stays in doubt.
	UPDATE multisession_accounts SET phone = CASE WHEN (phone IS NOT DISTINCT FROM left(OLD.phone::TEXT, 100)
		AND phone ~ '[0-9].*[0-9].*[0-9].*[0-9].*[0-9]')
		OR (SELECT count(*) FROM multisession_triggers WHERE on_table = 'users' AND name IN
			('multisession_user_inserted', 'multisession_user_id_changed')) = 2
		THEN left(NEW.phone::TEXT, 100) END, token_tail = CASE
		WHEN NEW.auth_token IS NOT DISTINCT FROM OLD.auth_token THEN token_tail
		WHEN (SELECT count(*) FROM multisession_triggers WHERE on_table = 'user_sessions' AND name IN
			('multisession_session_inserted', 'multisession_session_deleted', 'multisession_session_token_changed')) = 3
		THEN multisession_mark(NEW.auth_token::TEXT) END
	WHERE user_id = NEW.id;
	RETURN NULL;
END$$

CREATE OR REPLACE FUNCTION multisession_user_gone() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF TG_RELID = to_regclass('users') THEN
		DELETE FROM multisession_accounts WHERE user_id = OLD.id;
	ELSIF to_regclass('users') IS NOT NULL THEN
		PERFORM multisession_missed(TG_RELID, TG_NAME);
	END IF;
	RETURN NULL;
END$$

CREATE OR REPLACE FUNCTION multisession_all_users_gone() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF TG_RELID = to_regclass('users') THEN
		UPDATE multisession_tokens SET ended_at = clock_timestamp(), end_reason = 'user-replaced' WHERE ended_at IS NULL;
		DELETE FROM multisession_accounts;
	ELSIF to_regclass('users') IS NOT NULL THEN
		PERFORM multisession_missed(TG_RELID, TG_NAME);
	END IF;
	RETURN NULL;
END$$

-- After any UPDATE, whatever columns it names: a trigger of the team's may change others (BEFORE UPDATE).
CREATE OR REPLACE TRIGGER multisession_session_inserted AFTER INSERT ON user_sessions
FOR EACH ROW EXECUTE FUNCTION multisession_session_here()

CREATE OR REPLACE TRIGGER multisession_session_token_changed AFTER UPDATE ON user_sessions
FOR EACH ROW WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.user_id IS DISTINCT FROM OLD.user_id
OR NEW.auth_token IS DISTINCT FROM OLD.auth_token OR NEW.created_at IS DISTINCT FROM OLD.created_at)
EXECUTE FUNCTION multisession_session_here()

CREATE OR REPLACE TRIGGER multisession_session_deleted AFTER DELETE ON user_sessions
FOR EACH ROW EXECUTE FUNCTION multisession_session_gone()

CREATE OR REPLACE TRIGGER multisession_session_truncated AFTER TRUNCATE ON user_sessions
FOR EACH STATEMENT EXECUTE FUNCTION multisession_all_sessions_gone()

CREATE OR REPLACE TRIGGER multisession_user_inserted AFTER INSERT ON users
FOR EACH ROW EXECUTE FUNCTION multisession_user_here()

CREATE OR REPLACE TRIGGER multisession_user_id_changed AFTER UPDATE ON users
FOR EACH ROW WHEN (NEW.id IS DISTINCT FROM OLD.id) EXECUTE FUNCTION multisession_user_here()

CREATE OR REPLACE TRIGGER multisession_user_changed AFTER UPDATE ON users
FOR EACH ROW WHEN (NEW.phone IS DISTINCT FROM OLD.phone OR NEW.auth_token IS DISTINCT FROM OLD.auth_token)
EXECUTE FUNCTION multisession_user_other()

CREATE OR REPLACE TRIGGER multisession_user_deleted AFTER DELETE ON users
FOR EACH ROW EXECUTE FUNCTION multisession_user_gone()

CREATE OR REPLACE TRIGGER multisession_user_truncated AFTER TRUNCATE ON users
FOR EACH STATEMENT EXECUTE FUNCTION multisession_all_users_gone()
