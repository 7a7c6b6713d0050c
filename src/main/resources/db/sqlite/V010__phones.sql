-- What stands in users.phone (its first 100 characters), and the number that this means: E.164, or "=", the length and
-- the text itself where it means none. No SQL can read numbers, so the triggers note only the text, and a row counts as
-- unread until the application has read it. Until then its last six digits find it; they are '' where there is more in
-- the text than ASCII digits and the commonest separators, or where it may be a floating-point number. read_by says by
-- which rules a row was read as what it is; where it is NULL, number is what other rules made of it, if anything. How far
-- all rows are right by the present rules, the state 'phones-read-by' says.
CREATE TABLE IF NOT EXISTS multisession_phones (
	user_id INTEGER NOT NULL,
	phone VARCHAR(100),
	tail VARCHAR(6),
	number VARCHAR(110),
	read_by VARCHAR(40),
	PRIMARY KEY (user_id)
)

CREATE INDEX IF NOT EXISTS multisession_phones_number ON multisession_phones (number) WHERE number IS NOT NULL

CREATE INDEX IF NOT EXISTS multisession_phones_unread ON multisession_phones (tail) WHERE read_by IS NULL

-- Taken away are a blank, - ( ) + . / and, by their numbers, blanks that do not break, hyphens and the dash; at both ends
-- also line breaks, marks of writing direction and what has no width.
-- A DELETE and an INSERT that meets no conflict, whatever the outer statement says of conflicts: its OR REPLACE and its
-- OR IGNORE would win over what is said in here. An id that is no whole number is left out, or the old app would fail.
CREATE TRIGGER IF NOT EXISTS multisession_phone_inserted AFTER INSERT ON users
BEGIN
	DELETE FROM multisession_phones WHERE user_id = NEW.id;
	INSERT INTO multisession_phones (user_id, phone, tail)
	SELECT NEW.id, phone, CASE WHEN substr(phone, -2) = '.0' OR ltrim(digits, '0123456789') <> '' THEN ''
	ELSE substr(digits, -6) END
	FROM (SELECT substr(CAST(NEW.phone AS TEXT), 1, 100) AS phone,
	replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
	trim(substr(CAST(NEW.phone AS TEXT), 1, 100),
	char(9, 10, 13, 32, 8203, 8206, 8207, 8234, 8235, 8236, 8237, 8238, 8294, 8295, 8296, 8297, 65279)),
	' ', ''), '-', ''), '(', ''), ')', ''), '+', ''), '.', ''), '/', ''),
	char(160), ''), char(8239), ''), char(8208), ''), char(8209), ''), char(8211), '') AS digits)
	WHERE typeof(NEW.id) = 'integer';
END

CREATE TRIGGER IF NOT EXISTS multisession_phone_changed AFTER UPDATE OF phone ON users
WHEN NEW.phone IS NOT OLD.phone COLLATE BINARY
BEGIN
	DELETE FROM multisession_phones WHERE user_id = NEW.id;
	INSERT INTO multisession_phones (user_id, phone, tail)
	SELECT NEW.id, phone, CASE WHEN substr(phone, -2) = '.0' OR ltrim(digits, '0123456789') <> '' THEN ''
	ELSE substr(digits, -6) END
	FROM (SELECT substr(CAST(NEW.phone AS TEXT), 1, 100) AS phone,
	replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
	trim(substr(CAST(NEW.phone AS TEXT), 1, 100),
	char(9, 10, 13, 32, 8203, 8206, 8207, 8234, 8235, 8236, 8237, 8238, 8294, 8295, 8296, 8297, 65279)),
	' ', ''), '-', ''), '(', ''), ')', ''), '+', ''), '.', ''), '/', ''),
	char(160), ''), char(8239), ''), char(8208), ''), char(8209), ''), char(8211), '') AS digits)
	WHERE typeof(NEW.id) = 'integer';
END

CREATE TRIGGER IF NOT EXISTS multisession_phone_moved AFTER UPDATE OF id, rowid, oid, _rowid_ ON users
WHEN NEW.id IS NOT OLD.id
BEGIN
	DELETE FROM multisession_phones WHERE user_id IN (OLD.id, NEW.id);
	INSERT INTO multisession_phones (user_id, phone, tail)
	SELECT NEW.id, phone, CASE WHEN substr(phone, -2) = '.0' OR ltrim(digits, '0123456789') <> '' THEN ''
	ELSE substr(digits, -6) END
	FROM (SELECT substr(CAST(NEW.phone AS TEXT), 1, 100) AS phone,
	replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
	trim(substr(CAST(NEW.phone AS TEXT), 1, 100),
	char(9, 10, 13, 32, 8203, 8206, 8207, 8234, 8235, 8236, 8237, 8238, 8294, 8295, 8296, 8297, 65279)),
	' ', ''), '-', ''), '(', ''), ')', ''), '+', ''), '.', ''), '/', ''),
	char(160), ''), char(8239), ''), char(8208), ''), char(8209), ''), char(8211), '') AS digits)
	WHERE typeof(NEW.id) = 'integer';
END

CREATE TRIGGER IF NOT EXISTS multisession_phone_deleted AFTER DELETE ON users
WHEN (SELECT lower(tbl_name) FROM sqlite_master WHERE type = 'trigger' AND name = 'multisession_phone_deleted') = 'users'
BEGIN
	DELETE FROM multisession_phones WHERE user_id = OLD.id;
END
