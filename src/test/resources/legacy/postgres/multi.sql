-- As SQLAlchemy makes these tables on PostgreSQL, with room for odd numbers.
BEGIN;
CREATE TABLE users (
	id SERIAL NOT NULL, 
	phone VARCHAR(100) NOT NULL, 
	name VARCHAR(100), 
	auth_token VARCHAR(128), 
	"plan" VARCHAR(20), 
	balance INTEGER, 
	created_at TIMESTAMP WITHOUT TIME ZONE, 
	PRIMARY KEY (id)
);
INSERT INTO users VALUES(42,'+79991234567','Анна','PnPhVuUbI2iYOrRZS5FojsQS92kC363qlzjashHqfYI','pro',0,'2025-03-14 09:26:53.589793');
INSERT INTO users VALUES(43,'+79991234568','Борис','Zn2KOkXzDpYJfzIvJ0lPBk4L4SUm3eXlu1tjQ9zi9Ls','free',100,'2025-03-15 09:26:53.589794');
INSERT INTO users VALUES(44,'89991234569','Вера','x_bTIrwgXybeFTmZ6NkjtjuSYc40vLDvG5xxH4Q-BdU','free',200,'2025-03-16 09:26:53.589795');
INSERT INTO users VALUES(45,'79991234570','Глеб','qZWb9gue6JnNlzkbLF61VcPc8nH_J31bzwb7VTapJho','pro',300,'2025-03-17 09:26:53.589796');
INSERT INTO users VALUES(46,'8 (999) 123-45-71','Дарья','ZQuaz__-gp3SX4WhNy8s3S58lNzkMmCQ8D09OnLdhQc','free',400,'2025-03-18 09:26:53.589797');
INSERT INTO users VALUES(47,'+4915112345678','Erik','AtCDWfdU-2s6_PkW53hKKkHrgZb1xD1kfjaK6wrUdZc','free',500,'2025-03-19 09:26:53.589798');
INSERT INTO users VALUES(48,'+79991234572','Жанна',NULL,'free',600,'2025-03-20 09:26:53.589799');
INSERT INTO users VALUES(49,'+79991234573','Зоя','','free',700,'2025-03-21 09:26:53.589800');
CREATE TABLE user_sessions (
	id SERIAL NOT NULL, 
	user_id INTEGER NOT NULL, 
	auth_token VARCHAR(128) NOT NULL, 
	created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC'), 
	last_seen_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC'), 
	PRIMARY KEY (id), 
	FOREIGN KEY(user_id) REFERENCES users (id), 
	UNIQUE (auth_token)
);
INSERT INTO user_sessions VALUES(1,42,'xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic','2026-02-05 12:00:00.999999','2026-02-05 17:00:00.999999');
INSERT INTO user_sessions VALUES(2,42,'PnPhVuUbI2iYOrRZS5FojsQS92kC363qlzjashHqfYI','2026-02-06 12:00:00.999999','2026-02-06 17:00:00.999999');
INSERT INTO user_sessions VALUES(3,43,'Zn2KOkXzDpYJfzIvJ0lPBk4L4SUm3eXlu1tjQ9zi9Ls','2026-02-07 12:00:00.999999','2026-02-07 17:00:00.999999');
INSERT INTO user_sessions VALUES(4,44,'-A6tUtDu7WZs9HQH3FEG9lQoOs3fMdH5sthHDXX5nQo','2026-02-06 08:15:30','2026-02-06 08:15:30');
CREATE UNIQUE INDEX ix_users_phone ON users (phone);
CREATE INDEX ix_users_id ON users (id);
CREATE INDEX idx_user_session_user_id ON user_sessions (user_id);
CREATE UNIQUE INDEX idx_user_session_auth_token ON user_sessions (auth_token);
SELECT setval('users_id_seq', 1000);
SELECT setval('user_sessions_id_seq', 1000);
COMMIT;
