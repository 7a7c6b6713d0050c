package org.multisession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.Command;
import org.multisession.testing.Http;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** What {@code docs/scale.md} says, followed word by word with the WAR itself, beside a running Tomcat. */
class CopyIT {

    private static final Pattern COMMAND =
            Pattern.compile("^ +java -jar multi-session\\.war (\\S.*)$", Pattern.MULTILINE);
    private static final String LEGACY = "qZWb9gue6JnNlzkbLF61VcPc8nH_J31bzwb7VTapJho";
    private static final String SIGNED_OUT = "-A6tUtDu7WZs9HQH3FEG9lQoOs3fMdH5sthHDXX5nQo";

    private final InstantSource clock = InstantSource.system();

    @TempDir
    Path folder;

    @Test
    void every_cookie_goes_on_working_through_the_move_as_it_is_written_down_and_through_the_way_back()
            throws IOException {
        List<String> commands = COMMAND.matcher(Files.readString(Path.of("docs/scale.md")))
                .results()
                .map(command -> command.group(1))
                .toList();
        assertThat(commands).hasSize(3);
        Path password = Files.writeString(folder.resolve("password"), "any\n");
        Path back = folder.resolve("back.db");
        try (SqliteApp old = SqliteApp.make(folder, "multi");
                PostgresApp target = PostgresApp.empty()) {
            String laptop;
            String phone;
            try (TomcatServer tomcat = TomcatServer.of(TomcatVersion.V11)
                    .app("/", old, "multisession.login.verification", "none")
                    .start()) {
                Http http = Http.to(tomcat.uri("/"));
                laptop = signIn(http);
                assertThat(run(old, target, password, commands.get(0)).exit()).isZero();
                Command first = run(old, target, password, commands.get(1));
                assertThat(first.exit()).as(first.said()).isIn(0, 1);
                phone = signIn(http);
                old.signOut(SIGNED_OUT);
            }
            Command last = run(old, target, password, commands.get(1));
            assertThat(last.exit()).as(last.said()).isZero();
            assertThat(last.said()).contains("every row of them are the same");
            String there;
            try (NewApp app = NewApp.deploy(target.claim(), clock)) {
                assertThat(app.opens(laptop)).isEqualTo(42);
                assertThat(app.opens(phone)).isEqualTo(42);
                assertThat(app.opens(LEGACY)).isEqualTo(45);
                assertThat(app.opens(SIGNED_OUT)).isNull();
                there = app.signIn("+79991234567");
                app.signOut(phone);
            }
            Command home = run(
                    old,
                    target,
                    password,
                    commands.get(2)
                            .replace("/var/lib/your-app/back.db", back.toString())
                            .replace("--db.user=app", "--db.user=postgres"));
            assertThat(home.exit()).as(home.said()).isZero();
            try (NewApp app = NewApp.deploy(back, clock)) {
                assertThat(app.opens(laptop)).isEqualTo(42);
                assertThat(app.opens(there)).isEqualTo(42);
                assertThat(app.opens(LEGACY)).isEqualTo(45);
                assertThat(app.opens(phone)).isNull();
                assertThat(app.opens(SIGNED_OUT)).isNull();
            }
        }
    }

    private static String signIn(Http http) {
        return http.postJson("api/login", "{\"phone\":\"+79991234567\"}")
                .body()
                .replaceFirst("(?s).*\"token\":\"([^\"]+)\".*", "$1");
    }

    private Command run(SqliteApp old, PostgresApp target, Path password, String command) {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-jar",
                TomcatServer.war().toString()));
        words.addAll(
                List.of(command.replace("/var/lib/your-app/app.db", old.path().toString())
                        .replace("jdbc:postgresql://db.example.com/app", target.url())
                        .replace("--to.user=app", "--to.user=postgres")
                        .replace("/etc/your-app/password", password.toString())
                        .split(" +")));
        return Command.run(folder, words);
    }
}
