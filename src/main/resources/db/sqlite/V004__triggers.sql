-- The triggers keep multisession_tokens true also while only the old app runs. Their bodies name no table but ours:
-- SQLite refuses to rename a table into place (as Alembic's batch mode does) while a trigger elsewhere names it.
-- While a migration in steps is under way, what they see end may not be known yet; then they remember it all the same.
-- No INSERT OR IGNORE: inside a trigger the outer statement's OR REPLACE would win over it and revive an ended token.
-- While our triggers count for nothing, a live token that is noted with another time is one whose row was deleted while nobody
-- watched: it ends, and what is written down from here on must not make it believed. While they count, its row was replaced.
CREATE TRIGGER IF NOT EXISTS multisession_session_inserted AFTER INSERT ON user_sessions
BEGIN
	UPDATE multisession_tokens
	SET ended_at = strftime('%Y-%m-%d %H:%M:%f000', 'now'), end_reason = 'row-deleted'
	WHERE ended_at IS NULL AND auth_token = NEW.auth_token
	AND EXISTS (SELECT 1 FROM multisession_rows r WHERE r.auth_token = NEW.auth_token AND r.created_at IS NOT NEW.created_at)
	AND (SELECT count(*) FROM sqlite_master
	WHERE type = 'trigger' AND lower(tbl_name) = 'user_sessions' AND name IN
	('multisession_session_inserted', 'multisession_session_deleted', 'multisession_session_token_changed')
	AND rowid < (SELECT rowid FROM sqlite_master WHERE type = 'trigger' AND name = 'multisession_watched')) < 3;
	UPDATE multisession_tokens
	SET ended_at = strftime('%Y-%m-%d %H:%M:%f000', 'now'), end_reason = 'row-changed'
	WHERE ended_at IS NULL
	AND auth_token = (SELECT r.auth_token FROM multisession_rows r WHERE r.id = NEW.id AND r.auth_token IS NOT NEW.auth_token);
	UPDATE multisession_tokens
	SET ended_at = strftime('%Y-%m-%d %H:%M:%f000', 'now'), end_reason = 'row-changed'
	WHERE ended_at IS NULL AND auth_token = NEW.auth_token AND user_id IS NOT NEW.user_id;
	INSERT INTO multisession_tokens (auth_token, user_id, recorded_at)
	SELECT NEW.auth_token, NEW.user_id, strftime('%Y-%m-%d %H:%M:%f000', 'now')
	WHERE NEW.auth_token IS NOT NULL
	AND NOT EXISTS (SELECT 1 FROM multisession_tokens WHERE auth_token = NEW.auth_token);
	DELETE FROM multisession_rows WHERE id = NEW.id OR auth_token = NEW.auth_token;
	INSERT INTO multisession_rows (id, auth_token, created_at)
	SELECT NEW.id, NEW.auth_token, NEW.created_at WHERE NEW.auth_token IS NOT NULL;
END

-- A table that was renamed out of the way takes its triggers along, and its rows live on in the one that takes its place:
-- whoever empties it before dropping it has ended nothing. Another token than the row's own is noted of it if the row lost
-- that one while nobody watched.
CREATE TRIGGER IF NOT EXISTS multisession_session_deleted AFTER DELETE ON user_sessions
WHEN (SELECT lower(tbl_name) FROM sqlite_master WHERE type = 'trigger' AND name = 'multisession_session_deleted') = 'user_sessions'
BEGIN
	UPDATE multisession_tokens
	SET ended_at = strftime('%Y-%m-%d %H:%M:%f000', 'now'), end_reason = 'row-deleted'
	WHERE ended_at IS NULL
	AND (auth_token = OLD.auth_token OR auth_token = (SELECT r.auth_token FROM multisession_rows r WHERE r.id = OLD.id));
	INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
	SELECT OLD.auth_token, OLD.user_id, now, now, 'row-deleted'
	FROM (SELECT strftime('%Y-%m-%d %H:%M:%f000', 'now') AS now)
	WHERE OLD.auth_token IS NOT NULL
	AND NOT EXISTS (SELECT 1 FROM multisession_tokens WHERE auth_token = OLD.auth_token)
	AND EXISTS (SELECT 1 FROM multisession_state WHERE name = 'migration');
	DELETE FROM multisession_rows WHERE id = OLD.id;
END

-- The row id has four names. A session that is moved to another user ends, and moving it back does not revive it. So does
-- one whose row does not say what was written down, but for its id: it was changed while nobody watched, and what is written
-- down from here on must not make it believed.
CREATE TRIGGER IF NOT EXISTS multisession_session_token_changed
AFTER UPDATE OF id, rowid, oid, _rowid_, user_id, auth_token, created_at ON user_sessions
WHEN NEW.id IS NOT OLD.id OR NEW.user_id IS NOT OLD.user_id OR NEW.auth_token IS NOT OLD.auth_token
OR NEW.created_at IS NOT OLD.created_at
BEGIN
	UPDATE multisession_tokens
	SET ended_at = strftime('%Y-%m-%d %H:%M:%f000', 'now'), end_reason = 'row-changed'
	WHERE ended_at IS NULL AND auth_token = OLD.auth_token
	AND (NEW.auth_token IS NOT OLD.auth_token OR NEW.user_id IS NOT OLD.user_id
	OR EXISTS (SELECT 1 FROM multisession_rows r WHERE r.auth_token = OLD.auth_token AND r.created_at IS NOT OLD.created_at));
	INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
	SELECT OLD.auth_token, OLD.user_id, now, now, 'row-changed'
	FROM (SELECT strftime('%Y-%m-%d %H:%M:%f000', 'now') AS now)
	WHERE OLD.auth_token IS NOT NULL AND (NEW.auth_token IS NOT OLD.auth_token OR NEW.user_id IS NOT OLD.user_id)
	AND NOT EXISTS (SELECT 1 FROM multisession_tokens WHERE auth_token = OLD.auth_token)
	AND EXISTS (SELECT 1 FROM multisession_state WHERE name = 'migration');
	UPDATE multisession_tokens
	SET ended_at = strftime('%Y-%m-%d %H:%M:%f000', 'now'), end_reason = 'row-changed'
	WHERE ended_at IS NULL AND auth_token IN
	(SELECT r.auth_token FROM multisession_rows r WHERE r.id = NEW.id AND r.auth_token IS NOT NEW.auth_token
	UNION ALL SELECT r.auth_token FROM multisession_rows r WHERE r.id = OLD.id AND r.auth_token IS NOT OLD.auth_token);
	UPDATE multisession_tokens
	SET ended_at = strftime('%Y-%m-%d %H:%M:%f000', 'now'), end_reason = 'row-changed'
	WHERE ended_at IS NULL AND auth_token = NEW.auth_token AND user_id IS NOT NEW.user_id;
	INSERT INTO multisession_tokens (auth_token, user_id, recorded_at)
	SELECT NEW.auth_token, NEW.user_id, strftime('%Y-%m-%d %H:%M:%f000', 'now')
	WHERE NEW.auth_token IS NOT NULL
	AND NOT EXISTS (SELECT 1 FROM multisession_tokens WHERE auth_token = NEW.auth_token);
	DELETE FROM multisession_rows WHERE id IN (OLD.id, NEW.id) OR auth_token = NEW.auth_token;
	INSERT INTO multisession_rows (id, auth_token, created_at)
	SELECT NEW.id, NEW.auth_token, NEW.created_at WHERE NEW.auth_token IS NOT NULL;
END

-- A row that is inserted is a new account. SQLite gives ids out again, so sessions of whoever had this id before end.
CREATE TRIGGER IF NOT EXISTS multisession_user_inserted AFTER INSERT ON users
BEGIN
	UPDATE multisession_tokens
	SET ended_at = strftime('%Y-%m-%d %H:%M:%f000', 'now'), end_reason = 'user-replaced'
	WHERE user_id = NEW.id AND ended_at IS NULL;
	DELETE FROM multisession_accounts WHERE user_id = NEW.id;
	INSERT INTO multisession_accounts (user_id, phone, token_tail, unwatched)
	SELECT NEW.id, substr(CAST(NEW.phone AS TEXT), 1, 100),
	CASE WHEN watched THEN length(CAST(NEW.auth_token AS TEXT)) || ':' || substr(CAST(NEW.auth_token AS TEXT), 1, 8)
	|| substr(CAST(NEW.auth_token AS TEXT), max(1, length(CAST(NEW.auth_token AS TEXT)) / 2 - 3), 8) || substr(CAST(NEW.auth_token AS TEXT), -8) END, NOT watched
	FROM (SELECT count(*) = 3 AS watched FROM sqlite_master
	WHERE type = 'trigger' AND lower(tbl_name) = 'user_sessions' AND name IN
	('multisession_session_inserted', 'multisession_session_deleted', 'multisession_session_token_changed')
	AND rowid < (SELECT rowid FROM sqlite_master WHERE type = 'trigger' AND name = 'multisession_watched'))
	WHERE typeof(NEW.id) = 'integer';
END

CREATE TRIGGER IF NOT EXISTS multisession_user_id_changed
AFTER UPDATE OF id, rowid, oid, _rowid_ ON users
WHEN NEW.id IS NOT OLD.id
BEGIN
	UPDATE multisession_tokens
	SET ended_at = strftime('%Y-%m-%d %H:%M:%f000', 'now'), end_reason = 'user-replaced'
	WHERE user_id IN (OLD.id, NEW.id) AND ended_at IS NULL;
	DELETE FROM multisession_accounts WHERE user_id IN (OLD.id, NEW.id);
	INSERT INTO multisession_accounts (user_id, phone, token_tail, unwatched)
	SELECT NEW.id, substr(CAST(NEW.phone AS TEXT), 1, 100),
	CASE WHEN watched THEN length(CAST(NEW.auth_token AS TEXT)) || ':' || substr(CAST(NEW.auth_token AS TEXT), 1, 8)
	|| substr(CAST(NEW.auth_token AS TEXT), max(1, length(CAST(NEW.auth_token AS TEXT)) / 2 - 3), 8) || substr(CAST(NEW.auth_token AS TEXT), -8) END, NOT watched
	FROM (SELECT count(*) = 3 AS watched FROM sqlite_master
	WHERE type = 'trigger' AND lower(tbl_name) = 'user_sessions' AND name IN
	('multisession_session_inserted', 'multisession_session_deleted', 'multisession_session_token_changed')
	AND rowid < (SELECT rowid FROM sqlite_master WHERE type = 'trigger' AND name = 'multisession_watched'))
	WHERE typeof(NEW.id) = 'integer';
END

-- A column may be blind to case; what is noted here is not. While our triggers count for nothing, a number is noted only in
-- the place of one that was noted before: otherwise it came in while nobody watched, and the user stays in doubt.
CREATE TRIGGER IF NOT EXISTS multisession_user_changed AFTER UPDATE OF phone, auth_token ON users
WHEN NEW.phone IS NOT OLD.phone COLLATE BINARY OR NEW.auth_token IS NOT OLD.auth_token COLLATE BINARY
BEGIN
	UPDATE multisession_accounts
	SET phone = CASE WHEN (phone IS substr(CAST(OLD.phone AS TEXT), 1, 100) COLLATE BINARY
	AND phone GLOB '*[0-9]*[0-9]*[0-9]*[0-9]*[0-9]*')
	OR (SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = 'users'
	AND name IN ('multisession_user_inserted', 'multisession_user_id_changed')
	AND rowid < (SELECT rowid FROM sqlite_master WHERE type = 'trigger' AND name = 'multisession_watched')) = 2
	THEN substr(CAST(NEW.phone AS TEXT), 1, 100) END, token_tail = CASE
	WHEN NEW.auth_token IS OLD.auth_token COLLATE BINARY THEN token_tail WHEN
	(SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = 'user_sessions' AND name IN
	('multisession_session_inserted', 'multisession_session_deleted', 'multisession_session_token_changed')
	AND rowid < (SELECT rowid FROM sqlite_master WHERE type = 'trigger' AND name = 'multisession_watched')) = 3
	THEN length(CAST(NEW.auth_token AS TEXT)) || ':' || substr(CAST(NEW.auth_token AS TEXT), 1, 8)
	|| substr(CAST(NEW.auth_token AS TEXT), max(1, length(CAST(NEW.auth_token AS TEXT)) / 2 - 3), 8) || substr(CAST(NEW.auth_token AS TEXT), -8) END
	WHERE user_id = NEW.id;
END

CREATE TRIGGER IF NOT EXISTS multisession_user_deleted AFTER DELETE ON users
WHEN (SELECT lower(tbl_name) FROM sqlite_master WHERE type = 'trigger' AND name = 'multisession_user_deleted') = 'users'
BEGIN
	DELETE FROM multisession_accounts WHERE user_id = OLD.id;
END
