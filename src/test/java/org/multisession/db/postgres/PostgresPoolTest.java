package org.multisession.db.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.naming.NamingException;
import javax.sql.DataSource;
import org.apache.tomcat.dbcp.dbcp2.BasicDataSourceFactory;
import org.apache.tomcat.jdbc.pool.DataSourceFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.FailureKind;
import org.multisession.db.Handle;
import org.multisession.db.PoolUse;
import org.multisession.db.Sql;
import org.multisession.testing.NewApp;
import org.multisession.testing.PgBouncer;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.SilentRelay;
import org.multisession.testing.TestClock;
import org.postgresql.ds.PGSimpleDataSource;

/** Pools as Tomcat makes them from the attributes of a {@code <Resource>}, of both kinds. */
class PostgresPoolTest {

    private static final Sql SETTINGS = Sql.of("settings", """
            SELECT concat_ws(' ', current_setting('lock_timeout'), current_setting('statement_timeout'),
              current_setting('idle_in_transaction_session_timeout'), current_setting('synchronous_commit'), current_setting('TimeZone'), current_setting('transaction_isolation')) AS all
            """);

    private static final String NAME = "java:comp/env/jdbc/users";

    private enum Kind {
        DBCP {
            @Override
            DataSource make(Properties attributes) throws Exception {
                return BasicDataSourceFactory.createDataSource(attributes);
            }

            @Override
            Map<String, String> sizes() {
                return Map.of("maxTotal", "4", "maxWaitMillis", "1000");
            }
        },
        TOMCAT_JDBC {
            @Override
            DataSource make(Properties attributes) throws Exception {
                return new DataSourceFactory().createDataSource(attributes);
            }

            @Override
            Map<String, String> sizes() {
                return Map.of("maxActive", "4", "maxWait", "1000", "testOnBorrow", "true");
            }
        };

        abstract DataSource make(Properties attributes) throws Exception;

        abstract Map<String, String> sizes();
    }

    private final TestClock clock = new TestClock();
    private final Map<String, String> attributes = new HashMap<>();
    private PostgresApp old;
    private String url;
    private @Nullable DataSource source;

    @BeforeEach
    void make() {
        old = PostgresApp.make("single");
        attributes.put("driverClassName", "org.postgresql.Driver");
        attributes.put("username", "postgres");
        url = old.url() + "?stringtype=unspecified&socketTimeout=3&connectTimeout=2";
        attributes.put("url", url);
    }

    @AfterEach
    void close() throws Exception {
        if (source instanceof AutoCloseable pool) {
            pool.close();
        }
        old.close();
    }

    private PostgresPool pool(Kind kind) {
        Properties all = new Properties();
        all.putAll(kind.sizes());
        all.putAll(attributes);
        return new PostgresPool(NAME, () -> {
            try {
                DataSource made = kind.make(all);
                source = made;
                return made;
            } catch (Exception e) {
                NamingException failure = new NamingException("as Tomcat says it");
                failure.setRootCause(e);
                throw failure;
            }
        });
    }

    /** One that somebody else takes. */
    private Connection taken() throws SQLException {
        return Objects.requireNonNull(source).getConnection();
    }

    private static Database open(PostgresPool pool) {
        return Database.open(pool, 8, Duration.ofMillis(500));
    }

    @ParameterizedTest
    @EnumSource
    void the_application_works_by_it_and_gives_its_connections_back_as_they_were(Kind kind) throws SQLException {
        try (NewApp app = NewApp.deploy(pool(kind), clock)) {
            String before = settings();
            assertThat(app.opens("old_token_xyz123")).isEqualTo(42);
            String token = app.signIn("+7 999 123-45-67");
            String other = app.signIn("+7 999 123-45-67");
            app.signOut(other);
            assertThat(app.opens(token)).isEqualTo(42);
            assertThat(app.opens("old_token_xyz123")).isEqualTo(42);
            assertThat(app.opens(other)).isNull();
            app.lastSeen.flush();
            app.sweeper.run();
            app.heartbeat.beat();
            assertThat(app.database.readers().active()).isZero();
            assertThat(settings()).isEqualTo(before);
        }
        assertThat(old.one("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname ="
                        + " current_database()"))
                .isEqualTo("0");
    }

    private String settings() throws SQLException {
        try (Connection connection = taken();
                Statement statement = connection.createStatement()) {
            var row = statement.executeQuery(
                    "SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings"
                            + " WHERE name IN ('lock_timeout', 'statement_timeout', 'TimeZone', 'default_transaction_isolation')");
            row.next();
            return row.getString(1) + " " + connection.getNetworkTimeout() + " " + connection.getAutoCommit();
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_transaction_has_its_limits_and_nothing_of_them_stays(Kind kind) {
        try (Database database = open(pool(kind))) {
            assertThat(database.<String>write(handle -> handle.query(SETTINGS).one(row -> row.requiredText("all"))))
                    .isEqualTo("500ms 30s 5s on UTC read committed");
            assertThat(database.<String>read(handle -> handle.query(SETTINGS).one(row -> row.requiredText("all"))))
                    .startsWith("0 0 0 off ");
        }
    }

    @ParameterizedTest
    @EnumSource
    void connections_that_are_cut_fail_what_they_do_as_busy_and_are_replaced(Kind kind) {
        old.run("CREATE TABLE numbers (n INTEGER); INSERT INTO numbers VALUES (0)");
        Sql add = Sql.of("add", "UPDATE numbers SET n = n + 1");
        try (Database database = open(pool(kind))) {
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> database.execute(transaction -> {
                            transaction.update(add).run();
                            old.cutOthers();
                            transaction.update(add).run();
                        }))
                        .isInstanceOf(DatabaseBusyException.class);
                untilItWorks(() ->
                        database.execute(transaction -> transaction.update(add).run()));
            }
            assertThat(old.one("SELECT n FROM numbers")).isEqualTo("3");
            assertThat(database.readers()).extracting(PoolUse::active).isEqualTo(0);
        }
    }

    /** What was tested a moment ago is lent without another test; each of these fails once. */
    private static void untilItWorks(Runnable work) {
        for (int i = 0; i < 4; i++) {
            try {
                work.run();
                return;
            } catch (DatabaseBusyException e) {
                assertThat(e.kind()).isEqualTo(FailureKind.UNREACHABLE);
            }
        }
        work.run();
    }

    @ParameterizedTest
    @EnumSource
    void a_failure_is_told_by_its_state_and_without_its_values(Kind kind) {
        old.run("CREATE TABLE words (id INTEGER, word TEXT UNIQUE); INSERT INTO words VALUES (1, 'secret')");
        try (Database database = open(pool(kind))) {
            assertThatThrownBy(() -> database.execute(transaction -> transaction
                            .update(Sql.once("a word", "INSERT INTO words VALUES (2, :word)"))
                            .bind("word", "secret")
                            .run()))
                    .isInstanceOfSatisfying(
                            DatabaseException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.CONSTRAINT))
                    .hasMessageContaining("duplicate key value violates unique constraint")
                    .message()
                    .doesNotContain("secret");
        }
    }

    @ParameterizedTest
    @EnumSource
    void who_waits_for_a_connection_in_vain_is_told_that_it_is_busy(Kind kind) throws SQLException {
        try (Database database = open(pool(kind))) {
            Connection[] all = new Connection[4];
            for (int i = 0; i < all.length; i++) {
                all[i] = taken();
            }
            assertThatThrownBy(() -> database.read(Handle::vendor))
                    .isInstanceOf(DatabaseBusyException.class)
                    .hasMessageContaining("became free in time");
            for (Connection connection : all) {
                connection.close();
            }
            assertThat(database.<Integer>read(handle -> 1)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_network_that_is_silent_fails_what_a_client_waits_for_while_it_is_silent(Kind kind) {
        try (SilentRelay relay = SilentRelay.to(PostgresApp.port())) {
            attributes.put("url", relay.in(url));
            try (Database database = open(pool(kind))) {
                database.read(handle -> handle.query(SETTINGS).exists());
                relay.fallSilent();
                CompletableFuture<Void> reading = CompletableFuture.runAsync(() -> database.whileAwaited(
                        () -> database.read(handle -> handle.query(SETTINGS).exists())));
                assertThatThrownBy(() -> reading.get(40, TimeUnit.SECONDS))
                        .hasCauseInstanceOf(DatabaseBusyException.class);
                relay.speak();
            }
        }
    }

    @Test
    void every_fault_of_a_pool_is_named_at_once_by_the_attribute_that_mends_it() {
        attributes.put("url", old.url());
        attributes.put("defaultAutoCommit", "false");
        attributes.put("defaultReadOnly", "true");
        attributes.put("defaultTransactionIsolation", "SERIALIZABLE");
        attributes.putAll(Map.of(
                "maxTotal", "1", "maxWaitMillis", "-1", "testOnBorrow", "false", "removeAbandonedOnBorrow", "true"));
        assertThatThrownBy(() -> open(pool(Kind.DBCP)))
                .isInstanceOf(DatabaseException.class)
                .hasMessage("""
                        java:comp/env/jdbc/users: this pool does not fit:
                          1. it has one connection, and 2 are the least: raise maxTotal
                          2. a request would wait for a free connection for ever: set maxWaitMillis="2000", and no more than 5000
                          3. after a restart of the server it would lend dead connections: set testOnBorrow="true"
                          4. it takes connections back from work that takes long, such as a migration: remove removeAbandonedOnBorrow
                          5. a request would wait for a server that has vanished for longer than 5 seconds: add connectTimeout=2 to its url
                          6. its connections begin in a transaction: remove defaultAutoCommit
                          7. its connections are read-only: remove defaultReadOnly
                          8. its transactions are not READ COMMITTED: remove defaultTransactionIsolation
                          9. a server that says nothing any more would hold a request for ever: add socketTimeout=3 to its url, and no more than 5. Work that takes longer gets more time by itself
                          10. a text would not be taken for a time or a number: add stringtype=unspecified to its url""");
        attributes.clear();
        make();
        attributes.put(
                "url", old.url().replace("localhost", "127.0.0.1,localhost") + "?socketTimeout=60&connectTimeout=10");
        attributes.putAll(
                Map.of("maxActive", "1", "maxWait", "30000", "validationInterval", "30000", "removeAbandoned", "true"));
        assertThatThrownBy(() -> open(pool(Kind.TOMCAT_JDBC)))
                .hasMessageContaining("raise maxActive")
                .hasMessageContaining("for 30 seconds: set maxWait=\"2000\"")
                .hasMessageContaining("set validationInterval=\"3000\"")
                .hasMessageContaining("remove removeAbandoned")
                .hasMessageContaining("add connectTimeout=2 to its url")
                .hasMessageContaining("add targetServerType=primary to its url")
                .hasMessageContaining("would hold a request for 60 seconds")
                .hasMessageContaining("add stringtype=unspecified");
    }

    @ParameterizedTest
    @EnumSource
    void a_pool_of_another_database_is_refused(Kind kind) {
        attributes.put("driverClassName", "org.sqlite.JDBC");
        attributes.put("url", "jdbc:sqlite::memory:");
        assertThatThrownBy(() -> open(pool(kind)))
                .hasMessageContaining(
                        "its database is SQLite. A pool must be one of PostgreSQL; a SQLite file is named by"
                                + " its path in multisession.db.url");
    }

    @ParameterizedTest
    @EnumSource
    void a_server_an_account_and_a_driver_that_are_not_there_are_told_without_the_password(Kind kind) {
        attributes.put("url", url.replaceFirst(":\\d+/", ":1/"));
        assertThatThrownBy(() -> open(pool(kind)))
                .isInstanceOf(DatabaseBusyException.class)
                .hasMessageContaining("cannot be reached (Connection to localhost:1 refused)");
        old.run("DROP ROLE IF EXISTS pool_locked; CREATE ROLE pool_locked LOGIN PASSWORD 'right'");
        PostgresApp.requirePasswordOf("pool_locked");
        attributes.putAll(Map.of("url", url, "username", "pool_locked", "password", "s3cret"));
        assertThatThrownBy(() -> open(pool(kind)))
                .hasMessageContaining("the server does not let this account in (password authentication failed")
                .message()
                .doesNotContain("s3cret");
        attributes.put("driverClassName", "org.example.Driver");
        assertThatThrownBy(() -> open(pool(kind))).hasMessageContaining("it finds no driver");
    }

    @ParameterizedTest
    @EnumSource
    void behind_a_pooler_it_must_not_prepare_on_the_server_and_works_then(Kind kind) {
        PgBouncer.require();
        try (PgBouncer pooler = PgBouncer.start()) {
            attributes.put("url", pooler.in(url));
            assertThatThrownBy(() -> open(pool(kind))).hasMessageContaining("add prepareThreshold=0 to its url");
            attributes.put("url", pooler.in(url) + "&prepareThreshold=0");
            try (NewApp app = NewApp.deploy(pool(kind), clock)) {
                for (int i = 0; i < 10; i++) {
                    String token = app.signIn("+7 999 123-45-67");
                    assertThat(app.opens(token)).isEqualTo(42);
                    app.signOut(token);
                    assertThat(app.opens(token)).isNull();
                }
            }
        }
    }

    @Test
    void what_is_no_pool_of_tomcats_is_refused() {
        assertThatThrownBy(() -> open(new PostgresPool(NAME, () -> "a text")))
                .hasMessageContaining(NAME + ": this is a java.lang.String. It must be a pool of Tomcat's");
        assertThatThrownBy(() -> open(new PostgresPool(NAME, PGSimpleDataSource::new)))
                .hasMessageContaining("this is a org.postgresql.ds.PGSimpleDataSource");
        assertThatThrownBy(() -> open(PostgresPool.named(NAME)))
                .hasMessageContaining("Tomcat has no such pool. The context needs a <Resource name=\"jdbc/users\">");
    }
}
