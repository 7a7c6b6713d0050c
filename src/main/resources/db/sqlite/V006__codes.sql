-- One row per browser or client that was asked for a code. The secret itself is only there; here is its SHA-256, and
-- the codes are keyed with it (HMAC), so that this table does not give a code away even to who can read it all.
CREATE TABLE IF NOT EXISTS multisession_challenges (
	challenge_hash VARCHAR(43) NOT NULL,
	number VARCHAR(20) NOT NULL,
	code_mac VARCHAR(43) NOT NULL,
	code_expires_at DATETIME NOT NULL,
	previous_mac VARCHAR(43),
	previous_expires_at DATETIME,
	attempts INTEGER NOT NULL,
	sent_at DATETIME NOT NULL,
	PRIMARY KEY (challenge_hash)
) WITHOUT ROWID

CREATE INDEX IF NOT EXISTS multisession_challenges_expiry ON multisession_challenges (code_expires_at)

-- What the limits count: who asked for a code, for which number, and what became of it.
CREATE TABLE IF NOT EXISTS multisession_code_requests (
	id INTEGER NOT NULL,
	requested_at DATETIME NOT NULL,
	number VARCHAR(20) NOT NULL,
	prefix VARCHAR(20) NOT NULL,
	network VARCHAR(45) NOT NULL,
	challenge_hash VARCHAR(43) NOT NULL,
	sent INTEGER NOT NULL,
	used INTEGER NOT NULL,
	PRIMARY KEY (id)
)

CREATE INDEX IF NOT EXISTS multisession_code_requests_number ON multisession_code_requests (number, requested_at)

CREATE INDEX IF NOT EXISTS multisession_code_requests_network ON multisession_code_requests (network, requested_at)

CREATE INDEX IF NOT EXISTS multisession_code_requests_prefix ON multisession_code_requests (prefix, sent, requested_at)

CREATE INDEX IF NOT EXISTS multisession_code_requests_sent ON multisession_code_requests (sent, requested_at, used)
