package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.session.Stage;
import org.multisession.testing.SqliteApp;
import org.multisession.token.TokenHash;

class SqliteStagesTest extends StagesContract {

    @TempDir
    Path folder;

    @Override
    SqliteApp single() {
        return SqliteApp.make(folder, "single");
    }

    @Override
    void keepTokens(long userId, boolean isSilent) {
        old.run("CREATE TRIGGER kept BEFORE UPDATE OF auth_token ON user_sessions WHEN OLD.user_id = " + userId
                + " BEGIN SELECT RAISE(" + (isSilent ? "IGNORE" : "ABORT, 'it stays as it is'") + "); END");
    }

    @Test
    void no_token_in_plain_can_be_found_in_the_file_after_settling() throws Exception {
        old.run("PRAGMA journal_mode=DELETE");
        String ended = app.signIn(BORIS);
        String live = app.signIn(ANNA);
        app.signOut(ended);
        // The old app's own doing; ours is what is looked at here.
        old.run("PRAGMA secure_delete=ON");
        old.run("UPDATE users SET auth_token = NULL");
        redeploy(Stage.SETTLE);
        app.close();
        // As bytes: also where SQLite has only marked them as free.
        String file = Files.readString(folder.resolve("old-app.db"), StandardCharsets.ISO_8859_1);
        assertThat(file.contains(TokenHash.of(live))).isTrue();
        assertThat(file.contains(live)).isFalse();
        assertThat(file.contains(ended)).isFalse();
    }
}
