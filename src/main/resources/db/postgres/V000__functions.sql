-- Made first: a lock per key is taken on these rows. They say nothing.
CREATE TABLE IF NOT EXISTS multisession_locks (
	slot INTEGER NOT NULL,
	PRIMARY KEY (slot)
)

-- A token's hash, as the application makes it.
CREATE OR REPLACE FUNCTION multisession_hash(token TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$SELECT 'sha256:' || translate(rtrim(encode(sha256(convert_to(token, 'UTF8')), 'base64'), '='), '+/', '-_')$$

-- Of a legacy token its length and eight characters each of its beginning, its middle and its end.
CREATE OR REPLACE FUNCTION multisession_mark(token TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$SELECT length(token) || ':' || left(token, 8) || substr(token, greatest(1, length(token) / 2 - 3), 8) || right(token, 8)$$

-- The last six digits of what stands in users.phone. Taken away are a blank, - ( ) + . / and, by their numbers, blanks
-- that do not break, hyphens and the dash; at both ends also line breaks, marks of writing direction and what has no
-- width.
CREATE OR REPLACE FUNCTION multisession_tail(phone TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$SELECT CASE WHEN right(phone, 2) = '.0' OR ltrim(digits, '0123456789') <> '' THEN '' ELSE right(digits, 6) END
FROM (SELECT translate(
	btrim(phone, E'\t\n\r \u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff'),
	E' -()+./\u00a0\u202f\u2010\u2011\u2013', '') AS digits) d$$

-- Nothing but text can stand in a column for text.
CREATE OR REPLACE FUNCTION multisession_typeof(value TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$SELECT CASE WHEN value IS NULL THEN 'null' ELSE 'text' END$$
