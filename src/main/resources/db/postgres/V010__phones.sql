-- What stands in users.phone (its first 100 characters), and the number that this means: E.164, or "=", the length and
-- the text itself where it means none. No SQL can read numbers, so the triggers note only the text, and a row counts as
-- unread until the application has read it. Until then its last six digits find it; they are '' where there is more in
-- the text than ASCII digits and the commonest separators, or where it may be a floating-point number. read_by says by
-- which rules a row was read as what it is; where it is NULL, number is what other rules made of it, if anything. How far
-- all rows are right by the present rules, the state 'phones-read-by' says.
CREATE TABLE IF NOT EXISTS multisession_phones (
	user_id BIGINT NOT NULL,
	phone VARCHAR(100),
	tail VARCHAR(6),
	number VARCHAR(110),
	read_by VARCHAR(40),
	PRIMARY KEY (user_id)
)

-- For a number, and for texts that mean none by their beginnings.
CREATE INDEX IF NOT EXISTS multisession_phones_number ON multisession_phones (number COLLATE "C") WHERE number IS NOT NULL

CREATE INDEX IF NOT EXISTS multisession_phones_unread ON multisession_phones (tail) WHERE read_by IS NULL

CREATE OR REPLACE FUNCTION multisession_phone_here() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF TG_RELID <> to_regclass('users') THEN
		PERFORM multisession_missed(TG_RELID, TG_NAME);
		RETURN NULL;
	END IF;
	IF TG_OP = 'UPDATE' AND OLD.id <> NEW.id THEN
		DELETE FROM multisession_phones WHERE user_id = OLD.id;
	END IF;
	INSERT INTO multisession_phones (user_id, phone, tail)
	VALUES (NEW.id, left(NEW.phone::TEXT, 100), multisession_tail(left(NEW.phone::TEXT, 100)))
	ON CONFLICT (user_id) DO UPDATE SET phone = excluded.phone, tail = excluded.tail, number = NULL, read_by = NULL;
	RETURN NULL;
END$$

CREATE OR REPLACE FUNCTION multisession_phone_gone() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF TG_RELID IS DISTINCT FROM to_regclass('users') THEN
		PERFORM multisession_missed(TG_RELID, TG_NAME) WHERE to_regclass('users') IS NOT NULL;
		RETURN NULL;
	END IF;
	IF TG_OP = 'TRUNCATE' THEN
		DELETE FROM multisession_phones;
	ELSE
		DELETE FROM multisession_phones WHERE user_id = OLD.id;
	END IF;
	RETURN NULL;
END$$

CREATE OR REPLACE TRIGGER multisession_phone_inserted AFTER INSERT ON users
FOR EACH ROW EXECUTE FUNCTION multisession_phone_here()

CREATE OR REPLACE TRIGGER multisession_phone_changed AFTER UPDATE ON users
FOR EACH ROW WHEN (NEW.phone IS DISTINCT FROM OLD.phone) EXECUTE FUNCTION multisession_phone_here()

CREATE OR REPLACE TRIGGER multisession_phone_moved AFTER UPDATE ON users
FOR EACH ROW WHEN (NEW.id IS DISTINCT FROM OLD.id) EXECUTE FUNCTION multisession_phone_here()

CREATE OR REPLACE TRIGGER multisession_phone_deleted AFTER DELETE ON users
FOR EACH ROW EXECUTE FUNCTION multisession_phone_gone()

CREATE OR REPLACE TRIGGER multisession_phone_truncated AFTER TRUNCATE ON users
FOR EACH STATEMENT EXECUTE FUNCTION multisession_phone_gone()
