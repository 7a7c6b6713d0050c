-- What is known of a session beyond the old app's table: what it was used by, where it was last used, and what ended it.
-- Keyed by the token's hash (sha256: and base64url), which stays the same through all stages.
CREATE TABLE IF NOT EXISTS multisession_devices (
	token_hash VARCHAR(50) NOT NULL,
	device VARCHAR(200),
	address VARCHAR(45),
	shared INTEGER NOT NULL,
	ended_by VARCHAR(200),
	PRIMARY KEY (token_hash)
)

-- When a legacy token was first and last used here. It opens nothing and is no session: only what the list of devices
-- and the report on the move tell.
CREATE TABLE IF NOT EXISTS multisession_legacy_uses (
	token_hash VARCHAR(50) NOT NULL,
	user_id BIGINT NOT NULL,
	first_used_at TIMESTAMPTZ NOT NULL,
	last_used_at TIMESTAMPTZ NOT NULL,
	address VARCHAR(45),
	PRIMARY KEY (token_hash)
)

-- What all nodes know in common: the stage, when any of them was last alive, whose turn it is to sweep.
CREATE TABLE IF NOT EXISTS multisession_state (
	name VARCHAR(40) NOT NULL,
	value VARCHAR(100) NOT NULL,
	changed_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (name)
)
