-- Since when an ended token has been seen to stand nowhere that it could come back from; by its hash, which stays the same
-- through all stages. It is forgotten when that is long enough ago.
CREATE TABLE IF NOT EXISTS multisession_absent_tokens (
	token_hash VARCHAR(50) NOT NULL,
	since TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (token_hash)
)
