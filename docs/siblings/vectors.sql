-- The vectors of docs/siblings.md: a database in which every case occurs once, and who each token must be.
--
--     sqlite3 vectors.db < vectors.sql
--
-- On PostgreSQL, the tables are those of postgresql.sql, and the rows are the same:
--
--     createdb vectors
--     (cat postgresql.sql; sed -n '/^INSERT/,$p' vectors.sql) | psql -v ON_ERROR_STOP=1 vectors
--
-- For each row of the table "vectors", your program is to find user_id and via, or nobody where they are NULL; your own
-- hash of the token must be the one that is there. After
--
--     UPDATE multisession_state SET value = 'retire' WHERE name = 'stage';
--
-- it must find nobody where via is 'legacy', and the same as before everywhere else.
--
-- For each row of the table "requests", a request with this header Cookie is to be that user, by that token. Here the
-- stage counts too.

CREATE TABLE users (
	id INTEGER NOT NULL PRIMARY KEY,
	phone VARCHAR(20) NOT NULL,
	auth_token VARCHAR(128) COLLATE NOCASE,
	"plan" VARCHAR(20)
);
CREATE TABLE user_sessions (
	id INTEGER NOT NULL PRIMARY KEY,
	user_id INTEGER NOT NULL REFERENCES users (id),
	auth_token VARCHAR(128) NOT NULL UNIQUE,
	created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
	last_seen_at DATETIME DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE multisession_tokens (
	auth_token VARCHAR(128) NOT NULL,
	user_id INTEGER,
	recorded_at DATETIME NOT NULL,
	ended_at DATETIME,
	end_reason VARCHAR(20),
	PRIMARY KEY (auth_token)
) WITHOUT ROWID;
CREATE TABLE multisession_rows (
	id INTEGER NOT NULL,
	auth_token VARCHAR(128) NOT NULL,
	created_at DATETIME,
	PRIMARY KEY (id)
);
CREATE TABLE multisession_accounts (
	user_id INTEGER NOT NULL,
	phone VARCHAR(100),
	token_tail VARCHAR(8),
	unwatched INTEGER NOT NULL,
	PRIMARY KEY (user_id)
);
CREATE TABLE multisession_state (
	name VARCHAR(40) NOT NULL,
	value VARCHAR(100) NOT NULL,
	changed_at DATETIME NOT NULL,
	PRIMARY KEY (name)
) WITHOUT ROWID;
CREATE TABLE vectors (
	token VARCHAR(128) NOT NULL PRIMARY KEY,
	hash VARCHAR(50) NOT NULL,
	user_id INTEGER,
	via VARCHAR(10),
	why VARCHAR(100) NOT NULL
);

CREATE TABLE requests (
	cookie VARCHAR(500) NOT NULL PRIMARY KEY,
	user_id INTEGER,
	token VARCHAR(128),
	via VARCHAR(10),
	why VARCHAR(100) NOT NULL
);

INSERT INTO users (id, phone, auth_token, "plan") VALUES
	(1, '+79990000001', 'mirror-of-anna', 'pro'),
	(2, '+79990000002', 'legacy-of-boris', 'free'),
	(3, '+79990000003', 'shared-by-two', 'free'),
	(4, '+79990000004', 'shared-by-two', 'free'),
	(5, '+79990000005', 'mirror-left-behind', 'free'),
	(6, '+79990000006', '', 'free'),
	(7, '+79990000007', NULL, 'free'),
	(8, '+79990000008', 'CaseMatters', 'free'),
	(9, '+79990000009', 'sha256:6p6G7RdrF-lYmHNIxL6SPyTDjksxx4BR6c5v68ABZoE', 'free'),
	(10, '+79990000010', 'Twins', 'free'),
	(11, '+79990000011', 'twins', 'free'),
	(12, '+79990000012', 'legacy-ended-as-hash', 'free'),
	(13, '+79990000013', 'two words; and ''quotes" é', 'free'),
	(14, '+79990000014', 'sha256:tooshort', 'free'),
	(15, '+79990000015', 'sha512:LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE', 'free'),
	(16, '+79990000016', 'sha256:LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSI.', 'free'),
	(17, '+79990000017', NULL, 'free'),
	(18, '+79990000018', 'set-while-unwatched', 'free'),
	(19, '+79990000019', 'a%2Bb', 'free'),
	(20, '+79990000020', 'a+b', 'free');

INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES
	(1, 'mirror-of-anna', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901'),
	(1, 'second-device', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901'),
	(1, 'sha256:bSYUrMYEgRuL9rXO4pdccJWY4Z-q_EINw3ch4ylhaCc', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901'),
	(1, 'put-back-row', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901'),
	(2, 'id-given-out-again', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901'),
	(1, 'two-tables-two-users', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901'),
	(99, 'user-is-gone', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901'),
	(1, 'hash-ended-row-put-back', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901'),
	(2, 'sha256:74GIpUt7Ciqx-xMOh2Z6VGzxzZtpMFofAdnTpKii8EM', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901'),
	(6, '', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901'),
	(1, 'sha256:PjDq38t5U17Q-DOMgcX2wPn4755fhyQmH72U1UI7sfQ', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901'),
	(1, 'put-back-unseen', '2026-01-02 03:04:09.000000', '2026-01-02 03:04:05.678901'),
	(17, 'of-another-number', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901');

INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason) VALUES
	('mirror-of-anna', 1, '2026-01-02 03:04:05.678901', NULL, NULL),
	('second-device', 1, '2026-01-02 03:04:05.678901', NULL, NULL),
	('sha256:bSYUrMYEgRuL9rXO4pdccJWY4Z-q_EINw3ch4ylhaCc', 1, '2026-01-02 03:04:05.678901', NULL, NULL),
	('mirror-left-behind', 5, '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', 'signed-out'),
	('put-back-row', 1, '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', 'row-deleted'),
	('signed-out', 1, '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', 'signed-out'),
	('sha256:qAFrqHN4kJenxr2lr_mr4lY8qtnnutlEPh2nPmO7Slc', 1, '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', 'signed-out'),
	('id-given-out-again', 2, '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', 'user-replaced'),
	('two-tables-two-users', 2, '2026-01-02 03:04:05.678901', NULL, NULL),
	('user-is-gone', 99, '2026-01-02 03:04:05.678901', NULL, NULL),
	('row-is-gone', 1, '2026-01-02 03:04:05.678901', NULL, NULL),
	('sha256:W3ye8VUg119EqeEnGYdtcHwFgQwk3hanBdSuwoTi3AQ', 1, '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', 'signed-out'),
	('hash-ended-row-put-back', 1, '2026-01-02 03:04:05.678901', NULL, NULL),
	('sha256:74GIpUt7Ciqx-xMOh2Z6VGzxzZtpMFofAdnTpKii8EM', 2, '2026-01-02 03:04:05.678901', NULL, NULL),
	('hash-lives', 2, '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', 'row-deleted'),
	('sha256:dk5-7boTtX7fM61vVIdHLQzBBrqYhTwfMxk-wyMQooE', 12, '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', 'revoked'),
	('', 6, '2026-01-02 03:04:05.678901', NULL, NULL),
	('sha256:PjDq38t5U17Q-DOMgcX2wPn4755fhyQmH72U1UI7sfQ', 1, '2026-01-02 03:04:05.678901', NULL, NULL),
	('put-back-unseen', 1, '2026-01-02 03:04:05.678901', NULL, NULL),
	('of-another-number', 17, '2026-01-02 03:04:05.678901', NULL, NULL);

-- There are no triggers in this database, as after a rebuild of its tables: what is written down here decides.
INSERT INTO multisession_rows (id, auth_token, created_at)
SELECT id, auth_token, '2026-01-02 03:04:05.678901' FROM user_sessions;

INSERT INTO multisession_accounts (user_id, phone, token_tail, unwatched)
SELECT id, CASE WHEN id = 17 THEN '+79990000071' ELSE phone END,
	CASE WHEN id <> 18 THEN length(auth_token) || ':' || substr(auth_token, 1, 8)
		|| substr(auth_token, CASE WHEN length(auth_token) < 8 THEN 1 ELSE length(auth_token) / 2 - 3 END, 8)
		|| substr(auth_token, CASE WHEN length(auth_token) < 8 THEN 1 ELSE length(auth_token) - 7 END) END, FALSE
FROM users;

INSERT INTO multisession_state (name, value, changed_at) VALUES
	('stage', 'coexist', '2026-01-02 03:04:05.678901');

INSERT INTO vectors (token, hash, user_id, via, why) VALUES
	('mirror-of-anna', 'sha256:7yZ3Pz8DqHaNgz35Qe5YaW25mXXjqFQPg8hLLTyI7cg', 1, 'session', 'a session that is mirrored in users.auth_token'),
	('second-device', 'sha256:gZ4cAtBMn3uvXQociUNUe0aPq8uIoVR5Spb5fux97wk', 1, 'session', 'a session on another device of the same user'),
	('kept-as-a-hash', 'sha256:bSYUrMYEgRuL9rXO4pdccJWY4Z-q_EINw3ch4ylhaCc', 1, 'session', 'a session of which only the hash is stored'),
	('hash-lives', 'sha256:74GIpUt7Ciqx-xMOh2Z6VGzxzZtpMFofAdnTpKii8EM', 2, 'session', 'of both forms the hash counts, and it lives'),
	('legacy-of-boris', 'sha256:pSJeA4RxXtgURa9MewBVi9e0JbiXnxtdCPiCjkkKU60', 2, 'legacy', 'one users legacy token, which never was a session'),
	('CaseMatters', 'sha256:G0H5XWOsu1GE5kP7EPtxXAVsTnz_rQTqTKSQD1blDC8', 8, 'legacy', 'a legacy token as it was written'),
	('two words; and ''quotes" é', 'sha256:aSv9F9WV8zNOINePPLlObKzZ335spycMz-2R6rj-ch8', 13, 'legacy', 'a legacy token may be any text; its hash is that of its UTF-8'),
	('sha256:tooshort', 'sha256:4preQvBz2LHRaeQUgojQbztNi77LPiASQcDJ2LBQKCk', 14, 'legacy', 'not the shape of a hash, so a token like any other'),
	('sha512:LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE', 'sha256:FYxvlgxbUba32dUx65bQ4GiPFdRCmc6MjG8nnAEIEOI', 15, 'legacy', 'the same: as long as a hash, with another beginning'),
	('sha256:LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSI.', 'sha256:hK_KdOQPDM6edysHkwpuwQr7yeWzjbfIJOUqpbczCCU', 16, 'legacy', 'the same: as long as a hash, with a character that none has'),
	('a%2Bb', 'sha256:DLGNsq1cOIhVX9YhE-Z6sP_wcJEKWuyPZ4WTu1eAVP0', 19, 'legacy', 'a legacy token that looks like the encoded form of another users'),
	('a+b', 'sha256:MAJz2vC7V8I5-DWF1xztVM5rO1-4FhWrvus_nPX66S8', 20, 'legacy', 'the token that it looks like'),
	('casematters', 'sha256:GpKqgZOrSR1hdLABAW0Mt7kkCnvnV3Io0tQnx-WirnI', NULL, NULL, 'not what was written; the column of this database is blind to case, a token is not'),
	('MIRROR-OF-ANNA', 'sha256:2Ase8dft4-1VzlAmTvE6NLH97dQCBHZaMknVE5h0RGY', NULL, NULL, 'the same of a session'),
	('Twins', 'sha256:QdyUrOqMN6zoYPW4-2lSyGlatGOhaf-FmAtpMdilVPs', NULL, NULL, 'two users, to a column that is blind to case'),
	('shared-by-two', 'sha256:U36TbGjEh33_Ne3_uB47IxRHag4_0Rhoj3fQ3dOSt1w', NULL, NULL, 'a legacy token of two users'),
	('mirror-left-behind', 'sha256:_xuBwdInPGwjlzXp3T6Yr6Pb-C60ljiQv7isYcMqn0A', NULL, NULL, 'signed out, though users.auth_token still has it'),
	('signed-out', 'sha256:miwI0OjO5YTTAev-hB8PJnc_-kA_NbvHeTQ2I9S9O5g', NULL, NULL, 'signed out'),
	('signed-out-as-a-hash', 'sha256:qAFrqHN4kJenxr2lr_mr4lY8qtnnutlEPh2nPmO7Slc', NULL, NULL, 'signed out, and only its hash is known'),
	('legacy-ended-as-hash', 'sha256:dk5-7boTtX7fM61vVIdHLQzBBrqYhTwfMxk-wyMQooE', NULL, NULL, 'a legacy token that was ended, of which only the hash is known'),
	('put-back-row', 'sha256:VtDfBlUDv7ff-GKYrFBqHe2dxrOUJT-hGDUzd4Zo1sw', NULL, NULL, 'signed out, then its row was put back'),
	('hash-ended-row-put-back', 'sha256:W3ye8VUg119EqeEnGYdtcHwFgQwk3hanBdSuwoTi3AQ', NULL, NULL, 'of both forms the hash counts, and it has ended'),
	('id-given-out-again', 'sha256:5z4H0g6PDkuMP2aEDrBht9j2bOp7Zx7-_3AAMvoNyLM', NULL, NULL, 'of the user who had this id before'),
	('two-tables-two-users', 'sha256:zNZTGrhZbrCUn6xjmyOh_p1OvzYkrDrKXTSbkcSKkls', NULL, NULL, 'the two tables name different users'),
	('user-is-gone', 'sha256:voi7gHPeWrR2itXxVYv4gWXLGyu-yPTUisYSYVuTvH4', NULL, NULL, 'the user was deleted'),
	('row-is-gone', 'sha256:NKOVXv8hXmehgRkW0rLG-tTu-jypsVctuVy29QkiiMc', NULL, NULL, 'the row of the session is not there'),
	('sha256:6p6G7RdrF-lYmHNIxL6SPyTDjksxx4BR6c5v68ABZoE', 'sha256:jadI91VJ_DhJHcQaX1mQvbpH0tXkPmgCJoUU7aeXSYE', NULL, NULL, 'the shape of a hash, though users.auth_token has this very text'),
	('sha256:PjDq38t5U17Q-DOMgcX2wPn4755fhyQmH72U1UI7sfQ', 'sha256:FbfZyIkBspxSOb8gw3xCxkb3wuvQj82-dlFVTXSlXLE', NULL, NULL, 'the hash of a session that lives'),
	('', 'sha256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU', NULL, NULL, 'an empty token, though rows have it'),
	('put-back-unseen', 'sha256:tFAiY2VifyNWFyLV90Bmgz0hlbCsXlDObLBM-1MdiCc', NULL, NULL, 'its row is another one than was written down'),
	('of-another-number', 'sha256:HBv5mGjqa5PqFkynpa9oyj-GcG6wXeTuZi1Au-cVs9c', NULL, NULL, 'its user has another number than was written down'),
	('set-while-unwatched', 'sha256:K5rp76dlY7tfed39m6nL019yQ1YYI-g2hPDeFUVSrx4', NULL, NULL, 'a legacy token that was set while the triggers were gone'),
	('never-seen', 'sha256:jRA1cfVAstdxugY974hggOhXAWhVPxFsMd-umdNrHc0', NULL, NULL, 'a stranger');

INSERT INTO requests (cookie, user_id, token, via, why) VALUES
	('auth_token=second-device; auth_token=never-seen', 1, 'second-device', 'session', 'a stale cookie does no harm'),
	('auth_token=second-device; auth_token=legacy-of-boris', 2, 'legacy-of-boris', 'legacy', 'of two accounts the last counts'),
	('auth_token="legacy-of-boris"', 2, 'legacy-of-boris', 'legacy', 'in quotes, as Python writes it'),
	('auth_token=second%2Ddevice', 1, 'second-device', 'session', 'percent-encoded'),
	('auth_token=a%2Bb', NULL, NULL, NULL, 'two readings open two accounts: nobody is guessed'),
	('auth_token=second-device; auth_token=a%2Bb', 1, 'second-device', 'session', 'the same, and the next value counts'),
	('auth_token=a+b', 20, 'a+b', 'legacy', 'of its readings one opens an account'),
	('auth_token=legacy-of-boris; multisession_forgotten=bpYhUjL3QF0iuOSKJHk-lw', NULL, NULL, NULL, 'this browser has signed out of it'),
	('multisession_forgotten=x.bpYhUjL3QF0iuOSKJHk-lw; auth_token=second-device; auth_token=legacy-of-boris', 1, 'second-device', 'session', 'the same, and the next value counts'),
	('auth_token=a%2Bb; multisession_forgotten=V0g8rdpmjx2UPhGRkruMmg.kwQWuMU7ybAAg0iT_DIapQ', 20, 'a+b', 'legacy', 'of its two readings one is forgotten');
