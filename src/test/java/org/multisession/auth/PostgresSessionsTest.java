package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TestClock;

class PostgresSessionsTest extends SessionsContract {

    @Override
    PostgresApp single() {
        return PostgresApp.make("single");
    }

    @Override
    PostgresApp multi() {
        return PostgresApp.make("multi");
    }

    @Override
    void refuseChanges(long userId) {
        old.run("CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS"
                + " $$BEGIN RAISE EXCEPTION 'as it is'; END$$");
        old.run("CREATE TRIGGER refused BEFORE UPDATE OR DELETE ON user_sessions FOR EACH ROW" + " WHEN (OLD.user_id = "
                + userId + ") EXECUTE FUNCTION refuse()");
    }

    @Override
    void leaveOutSessions(long userId) {
        old.run("CREATE FUNCTION leave_out() RETURNS TRIGGER LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$");
        old.run("CREATE TRIGGER left_out BEFORE INSERT ON user_sessions FOR EACH ROW WHEN (NEW.user_id = " + userId
                + ") EXECUTE FUNCTION leave_out()");
    }

    @Override
    void removeSessionsWithoutTime() {
        old.run("CREATE FUNCTION remove() RETURNS TRIGGER LANGUAGE plpgsql AS"
                + " $$BEGIN DELETE FROM user_sessions WHERE id = NEW.id; RETURN NULL; END$$");
        old.run("CREATE TRIGGER removed AFTER INSERT ON user_sessions FOR EACH ROW WHEN (NEW.created_at IS NULL)"
                + " EXECUTE FUNCTION remove()");
    }

    /** A foreign key that is enforced for everybody must not stop who does not know of it. */
    @Test
    void an_old_app_that_knows_nothing_of_sessions_deletes_a_user_who_has_signed_in_here() {
        try (PostgresApp old = single();
                NewApp app = NewApp.deploy(old.claim(), new TestClock())) {
            long bob = old.addUser("+79990000001", null);
            String bobs = app.signIn("+79990000001");
            assertThat(old.run("DELETE FROM users WHERE id = ?", bob)).isEqualTo(1);
            assertThat(app.opens(bobs)).isNull();
            assertThat(old.all("SELECT id FROM user_sessions")).isEmpty();
            old.addUserAs(bob, "+79990000001", null);
            assertThat(app.opens(bobs)).isNull();
        }
    }
}
