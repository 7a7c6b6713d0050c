-- Without the first, every stranger's cookie scans the whole table. The second finds a number whatever shape it is
-- written in: by its last seven digits.
CREATE INDEX IF NOT EXISTS multisession_users_auth_token ON users (auth_token)

CREATE INDEX IF NOT EXISTS multisession_users_phone_tail ON users (
	substr(replace(replace(replace(replace(replace(replace(replace(replace(CAST(phone AS TEXT),
' ', ''), char(160), ''), '-', ''), '(', ''), ')', ''), '.', ''), '/', ''), '+', ''), -7)
)
