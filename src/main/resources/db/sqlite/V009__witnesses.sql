-- What the rows of users said when our triggers were last there: the number, which tells an account from another one that
-- got its id, and of the legacy token its length and eight characters each of its beginning, its middle and its end (in
-- token_tail, which had the end alone in earlier versions), as long as no session could have come and gone unseen (our triggers on
-- user_sessions were there when it was set); where they were not, a row that was inserted then is unwatched: sessions of
-- whoever had this id before may be unknown. While triggers are gone, only what is witnessed here is believed.
CREATE TABLE IF NOT EXISTS multisession_accounts (
	user_id INTEGER NOT NULL,
	phone VARCHAR(100),
	token_tail VARCHAR(8),
	unwatched INTEGER NOT NULL,
	PRIMARY KEY (user_id)
)

-- What user_sessions said when our triggers were last there, row by row. The trigger that sees a new row finds here
-- whose place it took: INSERT OR REPLACE on a row id fires no DELETE trigger. And a row that does not say what is
-- written here was changed while our triggers were gone, and is not believed.
CREATE TABLE IF NOT EXISTS multisession_rows (
	id INTEGER NOT NULL,
	auth_token VARCHAR(128) NOT NULL,
	created_at DATETIME,
	PRIMARY KEY (id)
)

CREATE INDEX IF NOT EXISTS multisession_rows_token ON multisession_rows (auth_token)
