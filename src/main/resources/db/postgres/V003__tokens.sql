-- Every token that ever was a session, whose it was, and whether it has ended. A token in here never comes back
-- through users.auth_token, and a session counts only while this table names the same user for it.
CREATE TABLE IF NOT EXISTS multisession_tokens (
	auth_token TEXT NOT NULL,
	user_id BIGINT,
	recorded_at TIMESTAMPTZ NOT NULL,
	ended_at TIMESTAMPTZ,
	end_reason VARCHAR(20),
	PRIMARY KEY (auth_token)
)

CREATE INDEX IF NOT EXISTS multisession_tokens_live ON multisession_tokens (user_id) WHERE ended_at IS NULL

-- Tokens in plain, on both sides of the hashes (a semicolon follows the colon). Empty once all are hashed.
CREATE INDEX IF NOT EXISTS multisession_tokens_before ON multisession_tokens (auth_token COLLATE "C") WHERE auth_token COLLATE "C" < 'sha256:'

CREATE INDEX IF NOT EXISTS multisession_tokens_behind ON multisession_tokens (auth_token COLLATE "C") WHERE auth_token COLLATE "C" >= 'sha256;'

-- The objects without our prefix that were not there before us, so that an uninstall takes those away and no others.
CREATE TABLE IF NOT EXISTS multisession_created (
	name VARCHAR(64) NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (name)
)
