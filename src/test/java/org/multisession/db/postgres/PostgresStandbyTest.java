package org.multisession.db.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.tomcat.dbcp.dbcp2.BasicDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.Sql;
import org.multisession.testing.InstalledPostgres;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresPair;
import org.multisession.testing.SilentRelay;
import org.multisession.testing.TestClock;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;

/** A standby that lags, where the primary is expected. */
class PostgresStandbyTest {

    private static final String PHONE = "+7 999 123-45-67";
    private static final Sql IN_RECOVERY = Sql.of("standby?", "SELECT pg_is_in_recovery() AS is_standby");
    private static final String LEGACY = "qZWb9gue6JnNlzkbLF61VcPc8nH_J31bzwb7VTapJho";

    @TempDir
    Path folder;

    private PostgresPair pair;

    @BeforeEach
    void start() {
        InstalledPostgres.require();
        pair = PostgresPair.with("single");
    }

    @AfterEach
    void stop() {
        pair.close();
    }

    /** As a failover does after which the old primary comes back as a standby, under its old address. */
    @Test
    void a_standby_that_the_address_of_a_pool_leads_to_lets_nobody_in_and_signs_nobody_out() throws Exception {
        try (SilentRelay relay = SilentRelay.to(pair.portOfPrimary());
                BasicDataSource pool = new BasicDataSource()) {
            pool.setDriverClassName("org.postgresql.Driver");
            pool.setUrl(relay.in(pair.urlOfPrimary()) + "?stringtype=unspecified&socketTimeout=3&connectTimeout=2");
            pool.setUsername("postgres");
            pool.setMaxWait(Duration.ofSeconds(2));
            TestClock clock = new TestClock();
            try (NewApp app = NewApp.deploy(new PostgresPool("java:comp/env/jdbc/users", () -> pool), clock);
                    NewApp other = NewApp.deploy(PostgresServer.at(pair.url(), "postgres", ""), clock)) {
                String live = app.signIn(PHONE);
                String ended = app.signIn(PHONE);
                pair.holdStandbyBack();
                other.signOut(ended);
                String unseen = other.signIn(PHONE);
                other.database.execute(transaction ->
                        ComposedSql.run(transaction, "INSERT INTO users (phone) VALUES ('+79990001122')"));

                relay.leadTo(pair.portOfStandby());
                for (String token : List.of(ended, live, unseen, LEGACY, "a stranger's")) {
                    assertThatThrownBy(() -> app.opens(token))
                            .isInstanceOf(DatabaseBusyException.class)
                            .hasMessageContaining("its server is a standby");
                }
                Presented two = new Presented(
                        List.of(List.of(new SessionToken(unseen)), List.of(new SessionToken("a stranger's"))));
                assertThatThrownBy(() -> app.authenticator.authenticate(two, () -> NewApp.CLIENT))
                        .as("two cookies at once")
                        .isInstanceOf(DatabaseBusyException.class);
                assertThatThrownBy(() -> app.trySignIn("+79990001122"))
                        .as("a number that the standby does not know")
                        .isInstanceOf(DatabaseBusyException.class);
                assertThatThrownBy(() -> app.database.<List<String>>read(app::missing))
                        .as("what /health asks")
                        .isInstanceOf(DatabaseBusyException.class);

                relay.leadTo(pair.portOfPrimary());
                assertThat(app.opens(ended)).isNull();
                assertThat(app.opens("a stranger's")).isNull();
                assertThat(app.authenticator.authenticate(two, () -> NewApp.CLIENT))
                        .isNotNull();
                assertThat(app.signIn("+79990001122")).isNotEmpty();
                assertThat(app.opens(live)).isEqualTo(42);
                assertThat(app.opens(unseen)).isEqualTo(42);
                assertThat(app.opens(LEGACY)).isEqualTo(45);
            }
        }
    }

    @Test
    void a_service_file_of_the_driver_does_not_lead_to_a_standby() throws IOException {
        Path services = Files.writeString(folder.resolve("services"), """
                [reports]
                targetServerType=preferSecondary
                """);
        String before = System.setProperty("org.postgresql.pgservicefile", services.toString());
        try (Database database = Database.open(
                PostgresServer.at(pair.url().replaceFirst("\\?.*", "?service=reports"), "postgres", ""),
                2,
                PostgresSource.MAX_PAUSE)) {
            assertThat(database.<Boolean>read(
                            handle -> handle.query(IN_RECOVERY).one(row -> row.flag("is_standby"))))
                    .isFalse();
        } finally {
            if (before == null) {
                System.clearProperty("org.postgresql.pgservicefile");
            } else {
                System.setProperty("org.postgresql.pgservicefile", before);
            }
        }
    }
}
