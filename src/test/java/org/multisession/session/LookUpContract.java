package org.multisession.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.multisession.db.CountedHandle;
import org.multisession.phone.PhoneNumbers;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.TestClock;
import org.multisession.token.SessionToken;
import org.multisession.user.UserColumns;
import org.multisession.user.UserDao;

/** What a look-up of one token tells, and how many statements it takes: on every database. */
abstract class LookUpContract {

    private static final UserColumns COLUMNS = UserColumns.of(Set.of("plan"));
    private static final String ANNA = "+79991234567";
    private static final String ANNAS_OLD_COOKIE = "old_token_xyz123";

    private OldApp old;
    private NewApp app;
    private CountedHandle counted;

    /** A fresh database of the old app, in its single form. */
    abstract OldApp single();

    /** How many statements a token takes that opens an account without being a session. */
    abstract int ofALegacyToken();

    /** How many one takes that was a session and is one no longer. */
    abstract int ofAnEndedToken();

    /** How many one takes that nobody has. */
    abstract int ofAnUnknownToken();

    @BeforeEach
    void deployOnTheOldDatabase() throws SQLException {
        old = single();
        app = NewApp.deploy(old.claim(), new TestClock());
        counted = new CountedHandle(old.name(), app.database.vendor(), COLUMNS.words());
    }

    @AfterEach
    void undeploy() throws SQLException {
        counted.close();
        app.close();
        old.close();
    }

    private LookUpDao.Found find(String token, Stage stage) {
        return new LookUpDao(new UserSessionDao(stage), new UserDao(COLUMNS, new PhoneNumbers("RU")), stage)
                .find(counted.handle, new SessionToken(token));
    }

    private LookUpDao.Found find(String token) {
        return find(token, Stage.COEXIST);
    }

    private static boolean opensNothing(LookUpDao.Found found) {
        return found.session() == null && found.owner() == null;
    }

    @Test
    void a_session_takes_one_statement_in_whichever_form_it_is_known() {
        String token = app.signIn(ANNA);
        assertThat(Objects.requireNonNull(find(token).session()).user().id()).isEqualTo(42);
        assertThat(counted.runs()).isEqualTo(1);
        assertThat(Objects.requireNonNull(find(ANNAS_OLD_COOKIE).session())
                        .user()
                        .id())
                .as("adopted")
                .isEqualTo(42);
        assertThat(counted.runs()).isEqualTo(1);
        app.close();
        NewApp.deploy(old.claim(), NewApp.RULES, Stage.SETTLE, new TestClock()).close();
        for (Stage stage : Stage.values()) {
            UserSession hashed = Objects.requireNonNull(find(token, stage).session());
            assertThat(hashed.token().text()).isEqualTo(new SessionToken(token).hash());
            assertThat(counted.runs()).isEqualTo(1);
        }
    }

    @Test
    void a_legacy_token_opens_its_owners_account_and_takes_no_more_than_it_must() {
        LookUpDao.Found found = find(ANNAS_OLD_COOKIE);
        assertThat(Objects.requireNonNull(found.owner()).id()).isEqualTo(42);
        assertThat(found.session()).isNull();
        assertThat(counted.runs()).isEqualTo(ofALegacyToken());
        assertThat(find(ANNAS_OLD_COOKIE, Stage.SETTLE).owner()).isEqualTo(found.owner());
    }

    @Test
    void a_legacy_token_opens_nothing_once_they_are_refused() {
        assertThat(opensNothing(find(ANNAS_OLD_COOKIE, Stage.RETIRE))).isTrue();
    }

    @Test
    void a_legacy_token_of_two_users_or_in_another_case_opens_nothing() {
        old.addUser("+79990000001", "shared");
        old.addUser("+79990000002", "shared");
        assertThat(opensNothing(find("shared"))).isTrue();
        assertThat(opensNothing(find(ANNAS_OLD_COOKIE.toUpperCase(Locale.ROOT))))
                .isTrue();
    }

    @Test
    void what_opens_nothing_is_told_with_the_state_of_the_schema_in_which_it_was_looked_for() {
        LookUpDao.Found unknown = find("nobodys");
        assertThat(opensNothing(unknown)).isTrue();
        assertThat(counted.runs()).isEqualTo(ofAnUnknownToken());
        assertThat(unknown.schemaState()).isEqualTo(counted.handle.schemaState());

        String token = app.signIn(ANNA);
        app.signOut(token);
        counted.runs();
        LookUpDao.Found ended = find(token);
        assertThat(opensNothing(ended)).as("the mirror still holds it").isTrue();
        assertThat(counted.runs()).isEqualTo(ofAnEndedToken());
        assertThat(ended.schemaState()).isEqualTo(counted.handle.schemaState());

        old.dropTrigger("multisession_session_deleted", "user_sessions");
        assertThat(find("nobodys").schemaState()).isNotEqualTo(unknown.schemaState());
    }

    @Test
    void whoever_presents_what_the_database_holds_of_a_token_gets_nothing() {
        String token = app.signIn(ANNA);
        String hash = new SessionToken(token).hash();
        old.signInSingle(42, hash);
        app.close();
        NewApp.deploy(old.claim(), NewApp.RULES, Stage.SETTLE, new TestClock()).close();
        counted.runs();
        LookUpDao.Found found = find(hash);
        assertThat(opensNothing(found)).isTrue();
        assertThat(counted.runs()).isEqualTo(1);
        assertThat(found.schemaState()).isEqualTo(counted.handle.schemaState());
    }
}
