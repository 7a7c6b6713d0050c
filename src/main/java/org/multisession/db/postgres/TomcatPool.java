package org.multisession.db.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import javax.sql.DataSource;
import org.apache.tomcat.dbcp.dbcp2.BasicDataSource;
import org.apache.tomcat.jdbc.pool.DataSourceProxy;
import org.apache.tomcat.jdbc.pool.PooledConnection;
import org.jspecify.annotations.Nullable;
import org.multisession.db.PoolUse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pool of either kind that Tomcat provides, as far as we look at it. Each kind calls its settings by other names.
 */
interface TomcatPool {

    /** The pool as one of the two; null if it is neither. */
    static @Nullable TomcatPool of(DataSource source) {
        // By the names, because a Tomcat may come without one of the two.
        for (Class<?> type = source.getClass(); type != null; type = type.getSuperclass()) {
            if (type.getName().equals("org.apache.tomcat.dbcp.dbcp2.BasicDataSource")) {
                return new Dbcp((BasicDataSource) source);
            }
            if (type.getName().equals("org.apache.tomcat.jdbc.pool.DataSourceProxy")) {
                return new TomcatJdbc(source, (DataSourceProxy) source);
            }
        }
        return null;
    }

    DataSource source();

    /** How many connections there may be; negative if any number. */
    int size();

    String sizeName();

    /** How long to wait for a connection; negative if for ever. */
    Duration patience();

    String patienceName();

    /** The attribute to set so that a connection is tested before it is lent, or was shortly before; empty if it is. */
    Optional<String> testing(Duration shortly);

    /** The attribute that makes it take back a connection that is in use for long; empty if it does not. */
    Optional<String> takingBack();

    @Nullable
    String url();

    PoolUse use();

    /** Makes sure that nobody borrows this connection again. */
    void discard(Connection connection);

    private static void abort(Connection connection) {
        try {
            connection.abort(Runnable::run);
        } catch (SQLException e) {
            LoggerFactory.getLogger(TomcatPool.class).debug("It was closed already: {}", e.getMessage());
        }
    }

    /** Tomcat's default. */
    record Dbcp(BasicDataSource source) implements TomcatPool {

        @Override
        public int size() {
            return source.getMaxTotal();
        }

        @Override
        public String sizeName() {
            return "maxTotal";
        }

        @Override
        public Duration patience() {
            return source.getMaxWaitDuration();
        }

        @Override
        public String patienceName() {
            return "maxWaitMillis";
        }

        @Override
        public Optional<String> testing(Duration shortly) {
            return source.getTestOnBorrow() ? Optional.empty() : Optional.of("testOnBorrow=\"true\"");
        }

        @Override
        public Optional<String> takingBack() {
            if (source.getRemoveAbandonedOnBorrow()) {
                return Optional.of("removeAbandonedOnBorrow");
            }
            return source.getRemoveAbandonedOnMaintenance()
                    ? Optional.of("removeAbandonedOnMaintenance")
                    : Optional.empty();
        }

        @Override
        public @Nullable String url() {
            return source.getUrl();
        }

        @Override
        public PoolUse use() {
            return new PoolUse(source.getNumActive(), source.getNumIdle(), 0);
        }

        /** A connection that is found closed when it comes back is dropped. */
        @Override
        public void discard(Connection connection) {
            abort(connection);
        }
    }

    /** That of {@code factory="org.apache.tomcat.jdbc.pool.DataSourceFactory"}. */
    record TomcatJdbc(DataSource source, DataSourceProxy pool) implements TomcatPool {

        private static final Logger log = LoggerFactory.getLogger(TomcatPool.class);

        @Override
        public int size() {
            return pool.getMaxActive();
        }

        @Override
        public String sizeName() {
            return "maxActive";
        }

        @Override
        public Duration patience() {
            return Duration.ofMillis(pool.getMaxWait());
        }

        @Override
        public String patienceName() {
            return "maxWait";
        }

        @Override
        public Optional<String> testing(Duration shortly) {
            if (!pool.isTestOnBorrow()) {
                return Optional.of("testOnBorrow=\"true\"");
            }
            return pool.getPoolProperties().getValidationInterval() > shortly.toMillis()
                    ? Optional.of("validationInterval=\"3000\", and no more than " + shortly.toMillis())
                    : Optional.empty();
        }

        @Override
        public Optional<String> takingBack() {
            return pool.isRemoveAbandoned() ? Optional.of("removeAbandoned") : Optional.empty();
        }

        @Override
        public @Nullable String url() {
            return pool.getUrl();
        }

        @Override
        public PoolUse use() {
            return new PoolUse(pool.getActive(), pool.getIdle(), pool.getWaitCount());
        }

        /** Its tests spare what was tested a moment ago, so it has to be told. */
        @Override
        public void discard(Connection connection) {
            try {
                connection.unwrap(PooledConnection.class).setDiscarded(true);
            } catch (SQLException e) {
                log.debug("It was closed already: {}", e.getMessage());
            }
            abort(connection);
        }
    }
}
