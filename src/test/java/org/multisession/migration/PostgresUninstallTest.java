package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.multisession.db.Database;
import org.multisession.migration.postgres.PostgresUninstaller;
import org.multisession.testing.OldApp;
import org.multisession.testing.PostgresApp;

class PostgresUninstallTest extends UninstallContract {

    /** What an uninstall of ours has to know of, by the server's own catalogue, constraints and sequences included. */
    private static final String OBJECTS = """
            SELECT relkind::TEXT || ' ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
            UNION ALL SELECT 'trigger ' || tgname || ' ' || tgrelid::regclass::TEXT FROM pg_trigger WHERE NOT tgisinternal
            UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            UNION ALL SELECT 'constraint ' || conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
            ORDER BY 1
            """;

    @Override
    PostgresApp make(String form) {
        return PostgresApp.make(form);
    }

    @Override
    PostgresApp empty() {
        return PostgresApp.empty();
    }

    @Override
    Uninstall of(Database database) {
        return new PostgresUninstaller(database);
    }

    @Override
    void withoutForeignKey() {
        old.run("ALTER TABLE user_sessions DROP CONSTRAINT user_sessions_user_id_fkey");
    }

    @Override
    String schema() {
        return String.valueOf(old.all(OBJECTS));
    }

    @Test
    void a_table_that_was_moved_to_another_schema_loses_our_triggers_too() {
        deployAndUndeploy();
        old.run("CREATE SCHEMA archive; ALTER TABLE users SET SCHEMA archive");
        uninstall(false);
        assertThat(old.all("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'multisession%'"))
                .isEmpty();
        assertThat(old.all("SELECT relname FROM pg_class WHERE relname LIKE 'multisession%'"))
                .isEmpty();
        assertThat(old.all("SELECT proname FROM pg_proc WHERE proname LIKE 'multisession%'"))
                .isEmpty();
    }

    @Test
    void a_function_or_a_trigger_of_the_teams_that_needs_the_sessions_is_named() {
        deployAndUndeploy();
        old.run("CREATE FUNCTION of_the_team() RETURNS TRIGGER LANGUAGE plpgsql AS"
                + " 'BEGIN DELETE FROM user_sessions WHERE id < 0; RETURN NULL; END'");
        assertThatThrownBy(() -> uninstall(false))
                .isInstanceOf(MigrationRefusedException.class)
                .hasMessageStartingWith("the function of_the_team, which Multi-Session did not make,");
        old.run("DROP FUNCTION of_the_team()");
        old.run("CREATE FUNCTION nothing() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
        old.run("CREATE TRIGGER of_the_team AFTER INSERT ON user_sessions EXECUTE FUNCTION nothing()");
        assertThatThrownBy(() -> uninstall(false))
                .isInstanceOf(MigrationRefusedException.class)
                .hasMessageStartingWith("the trigger of_the_team, which Multi-Session did not make,");
    }

    @Test
    void somebody_who_holds_a_table_is_waited_for_and_whoever_comes_meanwhile_is_let_through() throws Exception {
        deployAndUndeploy();
        String schema = schema();
        try (OldApp another = old.another();
                OldApp third = old.another()) {
            another.run("BEGIN");
            another.run("UPDATE users SET phone = phone WHERE id = 42");
            CompletableFuture<UninstallPlan> removed = CompletableFuture.supplyAsync(() -> uninstall(false));
            for (int i = 0; i < 20; i++) {
                third.run("SET lock_timeout = '5s'");
                third.signInSingle(44, "while-it-waits-" + i);
            }
            assertThat(removed).isNotDone();
            assertThat(schema()).isEqualTo(schema);
            another.run("COMMIT");
            removed.get();
        }
        assertThat(schema()).doesNotContain("multisession");
    }
}
