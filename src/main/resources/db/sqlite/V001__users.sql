-- The team's own table. Made only in a new, empty database; an existing one is never touched.
-- Statements are separated by blank lines.
CREATE TABLE IF NOT EXISTS users (
	id INTEGER NOT NULL,
	phone VARCHAR(20) NOT NULL,
	auth_token VARCHAR(128),
	"plan" VARCHAR(20) DEFAULT 'free',
	created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
	PRIMARY KEY (id),
	UNIQUE (phone)
)
