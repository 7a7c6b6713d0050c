-- What the rows of users said when our triggers were last there: the number, and of the legacy token a mark, as long as
-- no session could have come and gone unseen. While triggers are gone, only what is witnessed here is believed.
CREATE TABLE IF NOT EXISTS multisession_accounts (
	user_id BIGINT NOT NULL,
	phone VARCHAR(100),
	token_tail VARCHAR(40),
	unwatched BOOLEAN NOT NULL,
	PRIMARY KEY (user_id)
)

-- What user_sessions said when our triggers were last there, row by row. A row that does not say what is written here
-- was changed while our triggers were gone, and is not believed. Its time has the type that the team's column has:
-- between the two kinds, a comparison would depend on the zone of whoever compares.
CREATE TABLE IF NOT EXISTS multisession_rows (
	id BIGINT NOT NULL,
	auth_token TEXT NOT NULL,
	created_at {session_time},
	PRIMARY KEY (id)
)

CREATE INDEX IF NOT EXISTS multisession_rows_token ON multisession_rows (auth_token)
