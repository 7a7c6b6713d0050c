-- Without it, every stranger's cookie scans the whole table.
CREATE INDEX IF NOT EXISTS multisession_users_auth_token ON users (auth_token)
