-- One row per sign-in, exactly as the old app makes this table in its multi-session form.
CREATE TABLE IF NOT EXISTS user_sessions (
	id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	auth_token VARCHAR(128) NOT NULL,
	created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
	last_seen_at DATETIME DEFAULT CURRENT_TIMESTAMP,
	PRIMARY KEY (id),
	FOREIGN KEY(user_id) REFERENCES users (id),
	UNIQUE (auth_token)
)

CREATE INDEX IF NOT EXISTS idx_user_session_user_id ON user_sessions (user_id)

CREATE UNIQUE INDEX IF NOT EXISTS idx_user_session_auth_token ON user_sessions (auth_token)
