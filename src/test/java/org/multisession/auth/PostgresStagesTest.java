package org.multisession.auth;

import org.multisession.testing.PostgresApp;

class PostgresStagesTest extends StagesContract {

    @Override
    PostgresApp single() {
        return PostgresApp.make("single");
    }

    @Override
    void keepTokens(long userId, boolean isSilent) {
        old.run("CREATE FUNCTION keep() RETURNS TRIGGER LANGUAGE plpgsql AS $$BEGIN "
                + (isSilent ? "RETURN NULL" : "RAISE EXCEPTION 'it stays as it is'") + "; END$$");
        old.run("CREATE TRIGGER kept BEFORE UPDATE OF auth_token ON user_sessions FOR EACH ROW WHEN (OLD.user_id = "
                + userId + ") EXECUTE FUNCTION keep()");
    }
}
