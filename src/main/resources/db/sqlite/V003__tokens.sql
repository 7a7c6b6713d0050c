-- Every token that ever was a session, whose it was, and whether it has ended. A token in here never comes back
-- through users.auth_token, and a session counts only while this table names the same user for it.
CREATE TABLE IF NOT EXISTS multisession_tokens (
	auth_token VARCHAR(128) NOT NULL,
	user_id INTEGER,
	recorded_at DATETIME NOT NULL,
	ended_at DATETIME,
	end_reason VARCHAR(20),
	PRIMARY KEY (auth_token)
) WITHOUT ROWID

CREATE INDEX IF NOT EXISTS multisession_tokens_live ON multisession_tokens (user_id) WHERE ended_at IS NULL

-- The objects without our prefix that were not there before us, so that an uninstall takes those away and no others.
CREATE TABLE IF NOT EXISTS multisession_created (
	name VARCHAR(64) NOT NULL,
	created_at DATETIME NOT NULL,
	PRIMARY KEY (name)
) WITHOUT ROWID
