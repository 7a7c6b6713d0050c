package org.multisession.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.Source;
import org.multisession.db.sqlite.FileAccess;
import org.multisession.migration.Migration;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.Stage;
import org.multisession.session.UserSession;
import org.multisession.session.UserSessionDao;
import org.multisession.token.SessionToken;
import org.multisession.user.User;
import org.multisession.user.UserColumns;
import org.multisession.user.UserDao;

/**
 * The other process: opens a database, migrates it and looks tokens up, as it is told on its standard input. Every
 * command is answered by one line, a failure by {@code failed: } and its message.
 */
public final class OtherProcess {

    private static final Duration BUSY_TIMEOUT = Duration.ofSeconds(30);

    private @Nullable Source source;
    private @Nullable Database database;
    private @Nullable UserColumns columns;

    private OtherProcess() {}

    /** Runs until its input ends. */
    public static void main(String[] arguments) throws IOException {
        OtherProcess process = new OtherProcess();
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            System.out.println(process.answer(line));
        }
    }

    private String answer(String line) {
        String[] words = line.split(" ", 2);
        try {
            return switch (words[0]) {
                case "open" -> open(words[1]);
                case "migrate" -> migrate();
                case "migrate-telling" -> migrateTelling();
                case "warning" ->
                    FileAccess.logOfOursThatShutsOthersOut(Path.of(words[1])).orElse("none");
                case "who" -> who(words[1]);
                case "close" -> close();
                default -> "unknown command";
            };
        } catch (RuntimeException e) {
            return "failed: " + e.getMessage();
        }
    }

    private String open(String name) {
        source = NamedDatabase.claim(name);
        try {
            database = Database.open(source, 2, BUSY_TIMEOUT);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        return "opened";
    }

    private String migrate() {
        Migration.Outcome outcome = NamedDatabase.migration(Objects.requireNonNull(database), InstantSource.system())
                .begin()
                .finish();
        columns = UserColumns.of(outcome.userColumns());
        database.learn(columns.words());
        return "made " + outcome.made().size();
    }

    /** Says {@code wants the lock} before it does, which is after it has found that something is to be done. */
    private String migrateTelling() {
        List<String> answer = new ArrayList<>();
        StatementLog.watch(
                statement -> {
                    if (statement.equals("BEGIN IMMEDIATE")) {
                        System.out.println("wants the lock");
                    }
                },
                () -> answer.add(migrate()));
        return answer.get(0);
    }

    private String who(String token) {
        UserColumns known = Objects.requireNonNull(columns);
        return Objects.requireNonNull(database).read(handle -> {
            UserSession session = new UserSessionDao(Stage.COEXIST).find(handle, new SessionToken(token));
            User user = session != null
                    ? session.user()
                    : new UserDao(known, new PhoneNumbers("RU")).findByLegacyToken(handle, new SessionToken(token));
            return user == null ? "nobody" : String.valueOf(user.id());
        });
    }

    private String close() {
        if (database != null) {
            database.close();
            database = null;
        }
        if (source != null) {
            source.close();
            source = null;
        }
        return "closed";
    }
}
