-- Who signed in and out, from where, and what was refused. No tokens, no codes, no numbers.
CREATE TABLE IF NOT EXISTS auth_events (
	id INTEGER NOT NULL,
	occurred_at DATETIME NOT NULL,
	kind VARCHAR(20) NOT NULL,
	outcome VARCHAR(40) NOT NULL,
	user_id INTEGER,
	address VARCHAR(45),
	device VARCHAR(200),
	PRIMARY KEY (id)
)

CREATE INDEX IF NOT EXISTS multisession_auth_events_time ON auth_events (occurred_at)

CREATE INDEX IF NOT EXISTS multisession_auth_events_user ON auth_events (user_id, occurred_at)
