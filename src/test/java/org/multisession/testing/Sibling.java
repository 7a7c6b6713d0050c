package org.multisession.testing;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.multisession.token.TokenHash;

/**
 * Another team's program on the same database. Of ours it knows only the queries that stand in {@code docs/siblings.md},
 * and its connection is SQLite, or PostgreSQL, as it is.
 */
public final class Sibling implements AutoCloseable {

    public static final Path DOCUMENT = Path.of("docs/siblings.md");

    /** The query, for a {@code users} table with a column {@code plan}. */
    public static final String QUERY = Fenced.block(DOCUMENT, "sql", "FROM sqlite_master");

    /** The same for one without, as the document says. */
    public static final String QUERY_WITHOUT_PLAN = QUERY.replace("u.plan", "NULL");

    /** The same in the words of PostgreSQL. */
    public static final String POSTGRES_QUERY = Fenced.block(DOCUMENT, "sql", "FROM multisession_triggers");

    public static final String POSTGRES_QUERY_WITHOUT_PLAN = POSTGRES_QUERY.replace("u.plan", "NULL");

    private static final Pattern PARAMETER = Pattern.compile(":(token|hash)\\b");

    private final Connection connection;
    private final PreparedStatement query;

    /** The names of the parameters in the order of the statement's. */
    private final List<String> parameters;

    /** Whose a token is, and by what: {@code session} or {@code legacy}. */
    public record Found(
            long id, @Nullable String phone, @Nullable String plan, String via) {}

    private Sibling(Connection connection, PreparedStatement query, List<String> parameters) {
        this.connection = connection;
        this.query = query;
        this.parameters = parameters;
    }

    /** Opens the old app's database of either kind, whose {@code users} table has no plan. */
    public static Sibling of(OldApp old) {
        return old instanceof SqliteApp file
                ? open(file.path(), QUERY_WITHOUT_PLAN)
                : openOnPostgres(((PostgresApp) old).url(), POSTGRES_QUERY_WITHOUT_PLAN);
    }

    /** Opens a database whose {@code users} table has a plan. */
    public static Sibling open(Path database) {
        return open(database, QUERY);
    }

    /** Opens a database for one of the two queries. */
    public static Sibling open(Path database, String query) {
        try {
            Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database + "?busy_timeout=5000");
            connection.setAutoCommit(false);
            // SQLite numbers named parameters by where each first stands.
            return new Sibling(connection, connection.prepareStatement(query), List.of("token", "hash"));
        } catch (SQLException e) {
            throw new AssertionError(query, e);
        }
    }

    /** Opens a database of a server, which lets everybody in as postgres. */
    public static Sibling openOnPostgres(String url, String query) {
        try {
            Properties properties = new Properties();
            properties.setProperty("user", "postgres");
            // As drivers of most languages do it.
            properties.setProperty("stringtype", "unspecified");
            Connection connection = DriverManager.getConnection(url, properties);
            connection.setAutoCommit(false);
            List<String> parameters = PARAMETER
                    .matcher(query)
                    .results()
                    .map(found -> found.group(1))
                    .toList();
            String positional = PARAMETER.matcher(query).replaceAll("?");
            return new Sibling(connection, connection.prepareStatement(positional), parameters);
        } catch (SQLException e) {
            throw new AssertionError(query, e);
        }
    }

    /** Who presents this token; null if nobody. */
    public @Nullable Found who(@Nullable String token) {
        return who(token, token == null ? null : TokenHash.of(token));
    }

    /** The same with a hash that may be wrong. */
    public @Nullable Found who(@Nullable String token, @Nullable String hash) {
        try {
            Found found = find(token, hash);
            connection.commit();
            return found;
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** Whose accounts these tokens open, in their order, all at one moment. */
    public List<@Nullable Long> opens(List<String> tokens) {
        try {
            List<@Nullable Long> opened = new ArrayList<>();
            for (String token : tokens) {
                Found found = find(token, TokenHash.of(token));
                opened.add(found == null ? null : found.id());
            }
            connection.commit();
            return opened;
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private @Nullable Found find(@Nullable String token, @Nullable String hash) throws SQLException {
        for (int i = 0; i < parameters.size(); i++) {
            query.setString(i + 1, parameters.get(i).equals("token") ? token : hash);
        }
        try (ResultSet row = query.executeQuery()) {
            if (!row.next()) {
                return null;
            }
            Found found = new Found(row.getLong(1), row.getString(2), row.getString(3), row.getString(4));
            if (row.next()) {
                throw new AssertionError("more than one row for one token");
            }
            return found;
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }
}
