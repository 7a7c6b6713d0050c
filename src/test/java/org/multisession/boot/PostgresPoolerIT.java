package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.multisession.boot.DeployedApp.ANNA;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.multisession.testing.PgBouncer;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** The WAR on two Tomcats, with a pooler in transaction mode before the server. */
class PostgresPoolerIT {

    @BeforeAll
    static void require() {
        PgBouncer.require();
    }

    private static TomcatServer started(TomcatVersion version, String url) {
        return TomcatServer.of(version)
                .webapp(
                        "/",
                        TomcatServer.war(),
                        Map.of(
                                "multisession.db.url",
                                url,
                                "multisession.db.user",
                                "postgres",
                                "multisession.login.verification",
                                "none"))
                .start();
    }

    @Test
    void both_migrate_at_once_share_every_sign_in_and_sign_out_and_outlive_cut_sessions() {
        try (PostgresApp old = PostgresApp.make("single");
                PgBouncer pooler = PgBouncer.start()) {
            String url = pooler.in(old.url());
            CompletableFuture<TomcatServer> starting =
                    CompletableFuture.supplyAsync(() -> started(TomcatVersion.V11, url));
            try (TomcatServer ten = started(TomcatVersion.V10_1, url);
                    TomcatServer eleven = starting.join()) {
                DeployedApp here = DeployedApp.on(ten, "/");
                DeployedApp there = DeployedApp.on(eleven, "/");
                assertThat(ten.log() + eleven.log()).containsOnlyOnce("Migration: done; it made");
                assertThat(there.opens("old_token_xyz123")).isEqualTo("200 legacy");
                String in = here.signIn(ANNA);
                for (int i = 0; i < 10; i++) {
                    String token = here.signIn(ANNA);
                    assertThat(there.opens(token)).isEqualTo("200 session");
                    assertThat(there.signOut(token).status()).isEqualTo(303);
                    assertThat(here.opens(token)).isEqualTo("401");
                }
                assertThat(there.opens("old_token_xyz123")).isEqualTo("200 session");

                try (PostgresApp admin = old.another()) {
                    admin.cutOthers();
                }
                assertThat(here.answersUntilGood(in)).isSubsetOf("503", "200 session");
                assertThat(there.answersUntilGood(in)).isSubsetOf("503", "200 session");

                eleven.redeploy("/");
                assertThat(there.opens(in)).isEqualTo("200 session");
                assertThat(eleven.log()).contains("through a pooler").doesNotContain("SEVERE");
            }
        }
    }
}
