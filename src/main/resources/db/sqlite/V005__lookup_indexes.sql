-- Without the first, every stranger's cookie scans the whole table. The second finds a number whatever shape it is
-- written in: by its last seven digits. Dropped are the signs between digits, and by their numbers the invisible
-- ones, hyphens and dashes that people copy along.
CREATE INDEX IF NOT EXISTS multisession_users_auth_token ON users (auth_token)

CREATE INDEX IF NOT EXISTS multisession_users_phone_tail ON users (
	substr(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
replace(replace(replace(replace(replace(replace(replace(replace(replace(CAST(phone AS TEXT),
' ', ''), '-', ''), '(', ''), ')', ''), '.', ''), '/', ''), '+', ''), char(160), ''), char(9), ''),
char(10), ''), char(13), ''), char(8201), ''), char(8206), ''), char(8209), ''), char(8211), ''), char(8234), ''),
char(8236), ''), char(8239), ''), char(8722), ''), -7)
)
