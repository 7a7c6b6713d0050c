package org.multisession.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.Devices;
import org.multisession.auth.SignedIn;
import org.multisession.db.Database;
import org.multisession.db.Source;
import org.multisession.migration.Migration;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.session.StateDao;
import org.multisession.session.TokenHashing;
import org.multisession.session.TokenHashingDao;
import org.multisession.testing.NamedDatabase;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;
import org.multisession.token.Presented;
import org.multisession.token.SessionId;
import org.multisession.token.TokenHash;

/** One thing that the app does to a database, set up so that it can be tried again and again until it goes through. */
final class Scene implements AutoCloseable {

    /** What is done. */
    enum Act {
        MIGRATION,
        HASHING,
        LOOK_UP,
        SIGN_IN,
        SIGN_IN_SETTLED,
        SIGN_OUT,
        END_SESSION,
        END_LEGACY,
        END_OTHERS,
        LAST_SEEN,
        SWEEP;

        /** Whether a failure is logged and made up for at the next turn, instead of thrown. */
        boolean swallows() {
            return this == LAST_SEEN;
        }

        boolean writes() {
            return this != LOOK_UP;
        }
    }

    /** Short, because the other one is not going to let go while it is waited for. */
    private static final Duration BUSY_TIMEOUT = Duration.ofMillis(50);

    /** A new connection takes its time as well, and counts: to a server, or to a file that nobody has served from yet. */
    private static final Duration TIMEOUT_WHERE_CONNECTIONS_ARE_NEW = Duration.ofMillis(500);

    private static final SessionRules RULES =
            new SessionRules(Duration.ofDays(30), Duration.ofDays(365), 3, Duration.ZERO);

    /** User 44 has a session and, apart from it, a legacy token. */
    private static final String VERA = "+79991234569";

    private static final String SESSION = "-A6tUtDu7WZs9HQH3FEG9lQoOs3fMdH5sthHDXX5nQo";
    private static final String LEGACY = "x_bTIrwgXybeFTmZ6NkjtjuSYc40vLDvG5xxH4Q-BdU";

    final OldApp old;
    final Database database;
    private final List<Runnable> opened = new ArrayList<>();
    private final List<String> secrets = new ArrayList<>();
    private final Act what;
    private final boolean isOnServer;
    private final Runnable act;
    private Runnable done = () -> {};

    private Scene(Act what, OldApp old) {
        this.what = what;
        this.old = old;
        isOnServer = old instanceof PostgresApp;
        Duration timeout = isOnServer || what == Act.MIGRATION ? TIMEOUT_WHERE_CONNECTIONS_ARE_NEW : BUSY_TIMEOUT;
        if (what == Act.MIGRATION) {
            Source source = old.claim();
            database = Database.open(source, isOnServer ? 2 : 1, timeout);
            opened.add(database::close);
            opened.add(source::close);
            Migration migration = NamedDatabase.migration(database, new TestClock());
            act = () -> migration.begin().finish();
            done = () -> assertThat(migration.missing()).isEmpty();
        } else {
            TestClock clock = new TestClock();
            Stage stage = what == Act.SIGN_IN_SETTLED ? Stage.SETTLE : Stage.COEXIST;
            NewApp app = NewApp.deploy(old.claim(), RULES, stage, timeout, clock);
            opened.add(app::close);
            database = app.database;
            act = act(app, clock);
        }
        secrets.addAll(old.all("SELECT auth_token FROM users WHERE auth_token <> ''").stream()
                .map(String::valueOf)
                .toList());
        secrets.addAll(old.all("SELECT auth_token FROM user_sessions").stream()
                .map(String::valueOf)
                .toList());
        secrets.addAll(
                old.all("SELECT phone FROM users").stream().map(String::valueOf).toList());
    }

    /** On a file of small pages, so that what is written soon needs a new one. */
    static Scene of(Act what, Path folder, String journal) throws IOException {
        Path own = Files.createDirectory(folder.resolve(what + "-" + UUID.randomUUID()));
        SqliteApp old = SqliteApp.makeBy(own, "PRAGMA page_size=512;" + SqliteApp.script("multi"));
        old.run("PRAGMA journal_mode=" + journal);
        return new Scene(what, old);
    }

    /** On a server of which everybody may be cut off. */
    static Scene ofPostgres(Act what) {
        return new Scene(what, what == Act.MIGRATION ? PostgresApp.make("multi") : PostgresApp.makeMigrated("multi"));
    }

    private Runnable act(NewApp app, TestClock clock) {
        switch (what) {
            case LOOK_UP -> {
                return () -> assertThat(app.opens(LEGACY)).isEqualTo(44);
            }
            case SIGN_IN, SIGN_IN_SETTLED -> {
                // One more is too many, and the least recently seen goes.
                app.signIn(VERA);
                app.signIn(VERA);
                return () -> {
                    String token = app.signIn(VERA);
                    done = () -> assertThat(app.opens(token)).isEqualTo(44);
                };
            }
            case SIGN_OUT -> {
                String token = app.signIn(VERA);
                SignedIn signedIn = Objects.requireNonNull(app.who(token));
                done = () -> assertThat(app.opens(token)).isNull();
                return () -> app.signOut.signOut(signedIn, Presented.of(signedIn.token()), NewApp.CLIENT);
            }
            case END_SESSION -> {
                String token = app.signIn(VERA);
                done = () -> assertThat(app.opens(token)).isNull();
                return end(app, token);
            }
            case END_LEGACY -> {
                done = () -> assertThat(app.opens(LEGACY)).isNull();
                return end(app, LEGACY);
            }
            case END_OTHERS -> {
                String token = old.one("SELECT auth_token FROM user_sessions WHERE user_id = 44");
                old.signInMulti(44, "another-one", clock.instant());
                old.signInSingle(44, LEGACY);
                SignedIn by = Objects.requireNonNull(app.who(token));
                done = () -> {
                    assertThat(app.opens(LEGACY)).isNull();
                    assertThat(app.opens("another-one")).isNull();
                    assertThat(app.opens(token)).isEqualTo(44);
                };
                return () -> app.devices.endOthers(by, NewApp.CLIENT);
            }
            case LAST_SEEN -> {
                clock.advance(Duration.ofMinutes(1));
                app.opens(SESSION);
                app.opens(LEGACY);
                done = () -> {
                    assertThat(old.one("SELECT count(*) FROM user_sessions WHERE last_seen_at > ?", "2026-02-28"))
                            .isEqualTo("1");
                    assertThat(old.one("SELECT count(*) FROM multisession_legacy_uses"))
                            .isEqualTo("1");
                };
                return app.lastSeen::flush;
            }
            case SWEEP -> {
                if (old instanceof PostgresApp) {
                    // On a server each is ended by itself, so that one is all that is kept or not.
                    old.run("DELETE FROM user_sessions WHERE auth_token <> ?", SESSION);
                }
                clock.advance(Duration.ofDays(31));
                done = () -> assertThat(old.one("SELECT count(*) FROM user_sessions"))
                        .isEqualTo("0");
                return app.sweeper::run;
            }
            case HASHING -> {
                done = () -> {
                    assertThat(old.one("SELECT count(*) FROM user_sessions WHERE auth_token LIKE 'sha256:%'"))
                            .isEqualTo("4");
                    assertThat(app.opens(SESSION)).isEqualTo(44);
                };
                return new TokenHashing(database, new TokenHashingDao(), new StateDao(), () -> true)::run;
            }
            case MIGRATION -> throw new AssertionError("needs no app");
        }
        throw new AssertionError(what);
    }

    private Runnable end(NewApp app, String token) {
        SignedIn by = Objects.requireNonNull(app.who(SESSION));
        String handle = SessionId.of(TokenHash.of(token)).text();
        return () -> assertThat(app.devices.end(by, handle, NewApp.CLIENT)).isEqualTo(Devices.Ended.ANOTHER);
    }

    /** Does it, or fails. */
    void play() {
        act.run();
    }

    /** Fails unless it has been done. */
    void assertDone() {
        done.run();
        assertThat(old.damages()).isEmpty();
    }

    /** All there is, but for whose turn it is to sweep, which is no part of what is done. */
    String dump() {
        return what == Act.SWEEP ? old.dump().replaceAll("(?m)^multisession_state:.*\n", "") : old.dump();
    }

    /** Fails if any message of this failure holds a token or a number. */
    void assertTellsNoSecret(@Nullable Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            assertThat(String.valueOf(each.getMessage())).doesNotContain(secrets);
        }
    }

    @Override
    public void close() {
        opened.forEach(Runnable::run);
        old.close();
    }
}
