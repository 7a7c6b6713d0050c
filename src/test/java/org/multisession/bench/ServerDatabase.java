package org.multisession.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.multisession.testing.PostgresApp;

/**
 * The database of an old app in its multi form on a PostgreSQL server of this machine: so many users, each with one session
 * and a legacy token that is none.
 */
final class ServerDatabase implements AutoCloseable {

    static final String SESSION = "session";
    static final String LEGACY = "legacy";
    static final String UNKNOWN = "unknown";

    /** As {@link #token} makes it. */
    private static final String TOKEN = "translate(encode(sha256(('%s' || i)::bytea), 'base64'), '+/=', '-_')";

    private static final String FILL = """
            INSERT INTO users (id, phone, auth_token, "plan")
            SELECT 1000000 + i, '+79' || lpad(i::TEXT, 9, '0'), %s, 'free' FROM generate_series(1, %d) i;
            INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at)
            SELECT 1000000 + i, %s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC' FROM generate_series(1, %2$d) i;
            """;

    private static final String SIZE = """
            SELECT sum(pg_total_relation_size(oid)) FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname %s
            """;

    private final PostgresApp app;
    private final int users;

    private ServerDatabase(PostgresApp app, int users) {
        this.app = app;
        this.users = users;
    }

    static ServerDatabase filled(int users) {
        PostgresApp app = PostgresApp.make("multi");
        app.run(FILL.formatted(TOKEN.formatted(LEGACY), users, TOKEN.formatted(SESSION)));
        return new ServerDatabase(app, users);
    }

    PostgresApp app() {
        return app;
    }

    /** Of the user of this number, from 1 on; of this kind. */
    static String token(String kind, int user) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest((kind + user).getBytes(UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** At most so many tokens of this kind, evenly from all of them, in no order. */
    List<String> tokens(String kind, int most) {
        return new Random(1)
                .ints(Math.min(most, users), 1, users + 1)
                .mapToObj(user -> token(kind, user))
                .toList();
    }

    static String phone(int user) {
        return String.format(Locale.ROOT, "+79%09d", user);
    }

    /** What these tables take, with all that belongs to them. */
    double bytes(String which) {
        return Double.parseDouble(app.one(SIZE.formatted(which)));
    }

    @Override
    public void close() {
        app.close();
    }
}
