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
INSERT INTO users VALUES(42,'+79991234567','Анна','old_token_xyz123','pro',0,'2025-03-14 09:26:53.589793');
INSERT INTO users VALUES(43,'+79991234568','Борис','DfiTF-AlNZAtEWvg8nKUp1FFM5v0r1P7NRMa6oBxoOE','free',100,'2025-03-15 09:26:53.589794');
INSERT INTO users VALUES(44,'89991234569','Вера','x_bTIrwgXybeFTmZ6NkjtjuSYc40vLDvG5xxH4Q-BdU','free',200,'2025-03-16 09:26:53.589795');
INSERT INTO users VALUES(45,'79991234570','Глеб','qZWb9gue6JnNlzkbLF61VcPc8nH_J31bzwb7VTapJho','pro',300,'2025-03-17 09:26:53.589796');
INSERT INTO users VALUES(46,'8 (999) 123-45-71','Дарья','ZQuaz__-gp3SX4WhNy8s3S58lNzkMmCQ8D09OnLdhQc','free',400,'2025-03-18 09:26:53.589797');
INSERT INTO users VALUES(47,'+4915112345678','Erik','AtCDWfdU-2s6_PkW53hKKkHrgZb1xD1kfjaK6wrUdZc','free',500,'2025-03-19 09:26:53.589798');
INSERT INTO users VALUES(48,'+79991234572','Жанна',NULL,'free',600,'2025-03-20 09:26:53.589799');
INSERT INTO users VALUES(49,'+79991234573','Зоя','','free',700,'2025-03-21 09:26:53.589800');
CREATE UNIQUE INDEX ix_users_phone ON users (phone);
CREATE INDEX ix_users_id ON users (id);
SELECT setval('users_id_seq', 1000);
COMMIT;
