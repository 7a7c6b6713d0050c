package org.multisession.db;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A statement to be run once: bind every parameter by its name, then run it. A failure throws a {@link
 * DatabaseException} that names the statement.
 */
public abstract sealed class Statement<S extends Statement<S>> {

    final Sql sql;
    final PreparedStatements statements;
    final PreparedStatements.Prepared prepared;
    final Vendor vendor;
    private int bound;

    private Statement(Sql sql, PreparedStatements statements) {
        this.sql = sql;
        this.statements = statements;
        this.vendor = statements.vendor();
        try {
            this.prepared = statements.prepare(sql);
        } catch (SQLException e) {
            throw new StatementException(sql, e, vendor);
        }
    }

    public final S bind(String parameter, @Nullable String text) {
        return bind(parameter, (statement, position) -> statement.setString(position, text));
    }

    public final S bind(String parameter, long number) {
        return bind(parameter, (statement, position) -> statement.setLong(position, number));
    }

    public final S bind(String parameter, @Nullable Long number) {
        return bind(parameter, (statement, position) -> statement.setObject(position, number));
    }

    /** Binds the moment in the format of a time column. */
    public final S bind(String parameter, @Nullable Instant moment) {
        return bind(parameter, moment == null ? null : vendor.text(moment));
    }

    @FunctionalInterface
    private interface Setter {
        void set(PreparedStatement statement, int position) throws SQLException;
    }

    @SuppressWarnings("unchecked") // Each of the two subclasses is its own S.
    private S bind(String parameter, Setter setter) {
        List<Integer> positions = prepared.sql.positions().get(parameter);
        if (positions == null) {
            throw new IllegalArgumentException("\"" + sql + "\" has no parameter :" + parameter);
        }
        try {
            for (int position : positions) {
                setter.set(prepared.statement, position);
                bound++;
            }
        } catch (SQLException e) {
            throw new StatementException(sql, e, vendor);
        }
        return (S) this;
    }

    @FunctionalInterface
    interface Run<T> {
        T on(PreparedStatement statement) throws SQLException;
    }

    final <T> T run(Run<T> run) {
        if (bound < prepared.sql.count()) {
            throw new IllegalStateException("\"" + sql + "\" has parameters that are not bound");
        }
        try {
            T result;
            try {
                result = run.on(prepared.statement);
            } catch (SQLException | RuntimeException | Error e) {
                prepared.releaseAfter(e);
                throw e;
            }
            prepared.release();
            return result;
        } catch (SQLException e) {
            throw new StatementException(sql, e, vendor);
        }
    }

    /** A statement that reads rows. */
    public static final class Query extends Statement<Query> {

        Query(Sql sql, PreparedStatements statements) {
            super(sql, statements);
        }

        /** Every row, in the order of the result. */
        public <T> List<T> list(Function<Row, T> mapper) {
            List<T> all = new ArrayList<>();
            forEach(row -> all.add(mapper.apply(row)));
            return all;
        }

        /** Passes on every row, in the order of the result, without holding all of them. */
        public void forEach(Consumer<Row> action) {
            run(statement -> {
                try (ResultSet result = statement.executeQuery()) {
                    Row row = row(result);
                    while (result.next()) {
                        action.accept(row);
                    }
                    return true;
                }
            });
        }

        /** The first row, if there is any. */
        public <T> Optional<T> optional(Function<Row, @Nullable T> mapper) {
            return run(statement -> {
                try (ResultSet result = statement.executeQuery()) {
                    return result.next() ? Optional.ofNullable(mapper.apply(row(result))) : Optional.empty();
                }
            });
        }

        /** The first row of a result that always has one. */
        public <T> T one(Function<Row, T> mapper) {
            return optional(mapper).orElseThrow(() -> new IllegalStateException("\"" + sql + "\" found no row"));
        }

        /** Whether there is any row. */
        public boolean exists() {
            return run(statement -> {
                try (ResultSet result = statement.executeQuery()) {
                    return result.next();
                }
            });
        }

        private Row row(ResultSet result) throws SQLException {
            if (prepared.columns == null) {
                prepared.columns = Row.columnsOf(result);
            }
            return new Row(sql, vendor, result, Objects.requireNonNull(prepared.columns));
        }
    }

    /** A statement that changes rows, or the schema. */
    public static final class Update extends Statement<Update> {

        Update(Sql sql, PreparedStatements statements) {
            super(sql, statements);
        }

        /** Runs it, and returns how many rows it has changed. */
        public int run() {
            int rows = run(PreparedStatement::executeUpdate);
            statements.changed(rows);
            return rows;
        }
    }
}
