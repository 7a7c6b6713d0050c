-- Which browsers have used a code of a number, and from where: limits that strangers use up are not theirs.
CREATE TABLE IF NOT EXISTS multisession_known_browsers (
	number VARCHAR(20) NOT NULL,
	browser_hash VARCHAR(43) NOT NULL,
	network VARCHAR(45) NOT NULL,
	used_at DATETIME NOT NULL,
	PRIMARY KEY (number, browser_hash)
) WITHOUT ROWID

CREATE INDEX IF NOT EXISTS multisession_known_browsers_time ON multisession_known_browsers (used_at)

-- Requests for numbers that get no code. Anybody can make any number of them, so they live apart, and the newest push
-- the oldest out.
CREATE TABLE IF NOT EXISTS multisession_stranger_requests (
	id INTEGER NOT NULL,
	requested_at DATETIME NOT NULL,
	number VARCHAR(20) NOT NULL,
	network VARCHAR(45) NOT NULL,
	PRIMARY KEY (id)
)

CREATE INDEX IF NOT EXISTS multisession_stranger_requests_number ON multisession_stranger_requests (number, requested_at)

CREATE INDEX IF NOT EXISTS multisession_stranger_requests_network ON multisession_stranger_requests (network, requested_at)

-- Their challenges, likewise.
CREATE TABLE IF NOT EXISTS multisession_stranger_challenges (
	id INTEGER NOT NULL,
	challenge_hash VARCHAR(43) NOT NULL,
	number VARCHAR(20) NOT NULL,
	code_mac VARCHAR(43) NOT NULL,
	code_expires_at DATETIME NOT NULL,
	previous_mac VARCHAR(43),
	previous_expires_at DATETIME,
	attempts INTEGER NOT NULL,
	sent_at DATETIME NOT NULL,
	PRIMARY KEY (id)
)

CREATE UNIQUE INDEX IF NOT EXISTS multisession_stranger_challenges_hash ON multisession_stranger_challenges (challenge_hash)
