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
