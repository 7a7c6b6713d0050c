package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.multisession.boot.DeployedApp.ANNA;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.multisession.testing.Answer;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.RestartedServer;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** The WAR on a pool of Tomcat's, by the descriptor that the document shows. */
class PostgresPoolIT {

    private static final String OLD_COOKIE = "old_token_xyz123";

    private static final String DBCP = "maxTotal=\"8\" maxIdle=\"8\" maxWaitMillis=\"2000\"";

    private static String descriptor(String url, String sizes) throws IOException {
        Matcher block = Pattern.compile("```xml\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("docs/postgresql.md")));
        assertThat(block.find()).isTrue();
        assertThat(block.group(1)).contains(DBCP);
        return block.group(1)
                .replace("/opt/multi-session/current", TomcatServer.war().toString())
                .replace("jdbc:postgresql://db.example.com/app", url)
                .replace("username=\"multisession\" password=\"…\"", "username=\"postgres\" password=\"s3cret\"")
                .replace(DBCP, sizes)
                .replace(
                        "</Context>",
                        "<Parameter name=\"multisession.login.verification\" value=\"none\" override=\"false\"/></Context>");
    }

    /** Where Tomcat itself has the driver, as for other applications. */
    private static Path driver() throws IOException {
        return Path.of(org.postgresql.Driver.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath());
    }

    @ParameterizedTest
    @CsvSource({"V10_1,true,true", "V11,true,false", "V10_1,false,false", "V11,false,true"})
    void nobody_is_signed_out_by_a_deploy_a_redeploy_or_a_restart_of_the_server(
            TomcatVersion version, boolean isDbcp, boolean hasTomcatTheDriver) throws IOException {
        String sizes = isDbcp
                ? DBCP
                : "maxActive=\"8\" maxWait=\"2000\" testOnBorrow=\"true\""
                        + " factory=\"org.apache.tomcat.jdbc.pool.DataSourceFactory\"";
        try (RestartedServer server = RestartedServer.with("single")) {
            TomcatServer.Builder builder = TomcatServer.of(version).descriptor("/", descriptor(server.url(), sizes));
            try (TomcatServer tomcat = (hasTomcatTheDriver ? builder.library(driver()) : builder).start()) {
                DeployedApp app = DeployedApp.on(tomcat, "/");
                assertThat(app.opens(OLD_COOKIE)).isEqualTo("200 legacy");
                String in = app.signIn(ANNA);
                String out = app.signIn(ANNA);
                assertThat(app.opens(OLD_COOKIE)).isEqualTo("200 session");
                assertThat(app.signOut(out).status()).isEqualTo(303);
                assertThat(app.opens(out)).isEqualTo("401");
                assertThat(app.http().get("metrics").body()).contains("multisession_pool_connections{pool=\"all\"");

                server.stop();
                Answer away = app.http().get("api/me", "Cookie", "auth_token=" + in);
                assertThat(away.status()).isEqualTo(503);
                assertThat(away.header("Retry-After")).isPresent();
                server.start();
                assertThat(app.answersUntilGood(in)).isSubsetOf("503", "200 session");
                assertThat(app.opens(out)).isEqualTo("401");

                tomcat.redeploy("/");
                assertThat(app.opens(in)).isEqualTo("200 session");
                assertThat(app.opens(OLD_COOKIE)).isEqualTo("200 session");
                assertThat(app.opens(out)).isEqualTo("401");
                assertThat(app.opens(app.signIn(ANNA))).isEqualTo("200 session");
                tomcat.undeploy("/");
                assertThat(tomcat.log())
                        .contains("at java:comp/env/jdbc/users, JDBC driver")
                        .doesNotContain("memory leak", "s3cret", OLD_COOKIE, in, out);
            }
        }
    }

    @Test
    void a_pool_that_does_not_fit_fails_the_deploy_with_every_reason() throws IOException {
        try (PostgresApp old = PostgresApp.make("single");
                TomcatServer tomcat = TomcatServer.of(TomcatVersion.V11)
                        .descriptor(
                                "/", descriptor(old.url(), "maxTotal=\"1\"").replaceFirst("\\?stringtype=[^\"]*", ""))
                        .start()) {
            assertThat(tomcat.isDeployed("/")).isFalse();
            assertThat(tomcat.log())
                    .contains(
                            "Multi-Session did not start, and the old app goes on as before: java:comp/env/jdbc/users: this"
                                    + " pool does not fit:",
                            "raise maxTotal",
                            "set maxWaitMillis",
                            "add connectTimeout=2 to its url",
                            "add socketTimeout=3 to its url",
                            "add stringtype=unspecified to its url")
                    .doesNotContain("s3cret");
        }
    }
}
