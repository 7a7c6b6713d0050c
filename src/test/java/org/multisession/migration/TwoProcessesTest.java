package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.OldDatabase;
import org.multisession.testing.OtherProcess;

/** P5: of two processes that deploy on one database at once, one migrates, and both serve. */
class TwoProcessesTest {

    private static final int ROUNDS = 3;

    @TempDir
    Path folder;

    @Test
    void of_two_that_deploy_at_once_exactly_one_migrates_and_both_serve() throws Exception {
        try (ChildJvm one = ChildJvm.start(folder, OtherProcess.class);
                ChildJvm two = ChildJvm.start(folder, OtherProcess.class)) {
            for (int round = 1; round <= ROUNDS; round++) {
                for (String mode : List.of("delete", "wal")) {
                    Path made = Files.createDirectory(folder.resolve(mode + round));
                    try (OldDatabase old = OldDatabase.make(made, "multi")) {
                        old.run("PRAGMA journal_mode=" + mode);
                        deployAtOnce(one, two, old);
                    }
                }
            }
        }
    }

    private static void deployAtOnce(ChildJvm one, ChildJvm two, OldDatabase old) {
        assertThat(one.ask("open " + old.path())).isEqualTo("opened");
        assertThat(two.ask("open " + old.path())).isEqualTo("opened");
        // Both find that something is to be done before either of them can do it.
        old.run("BEGIN IMMEDIATE");
        assertThat(one.ask("migrate-telling")).isEqualTo("wants the lock");
        assertThat(two.ask("migrate-telling")).isEqualTo("wants the lock");
        old.run("COMMIT");
        List<String> answers = List.of(one.hear(), two.hear());
        assertThat(answers).filteredOn("made 0"::equals).hasSize(1);
        assertThat(answers)
                .filteredOn(answer -> answer.matches("made [1-9]\\d*"))
                .hasSize(1);
        for (ChildJvm each : List.of(one, two)) {
            assertThat(each.ask("who xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic"))
                    .isEqualTo("42");
            assertThat(each.ask("who AtCDWfdU-2s6_PkW53hKKkHrgZb1xD1kfjaK6wrUdZc"))
                    .isEqualTo("47");
            assertThat(each.ask("who a-stranger")).isEqualTo("nobody");
        }
        assertThat(old.one("PRAGMA integrity_check")).isEqualTo("ok");
        assertThat(one.ask("close")).isEqualTo("closed");
        assertThat(two.ask("close")).isEqualTo("closed");
    }
}
