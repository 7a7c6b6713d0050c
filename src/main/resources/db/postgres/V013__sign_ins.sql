-- Of each session that began with a sign-in here: since when its browser has been one of the user's devices (signing in
-- again makes it no new one), and when the user last proved who they are on it. A row opens nothing.
CREATE TABLE IF NOT EXISTS multisession_sign_ins (
	token_hash VARCHAR(50) NOT NULL,
	user_id BIGINT NOT NULL,
	arrived_at TIMESTAMPTZ NOT NULL,
	proved_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (token_hash)
)

CREATE INDEX IF NOT EXISTS multisession_sign_ins_user ON multisession_sign_ins (user_id, arrived_at)
