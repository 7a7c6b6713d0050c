package org.multisession.bench;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpSession;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.session.jdbc.JdbcIndexedSessionRepository;
import org.springframework.session.web.http.SessionRepositoryFilter;
import org.springframework.transaction.support.TransactionTemplate;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/** A session of Spring Session JDBC, with its defaults, that holds the answer; on SQLite with the settings of ours. */
public final class PeerFilter implements Filter {

    private @Nullable HikariDataSource pool;
    private @Nullable SessionRepositoryFilter<?> spring;

    @Override
    public void init(FilterConfig config) {
        SQLiteConfig sqlite = new SQLiteConfig();
        sqlite.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        sqlite.setBusyTimeout(5000);
        SQLiteDataSource source = new SQLiteDataSource(sqlite);
        source.setUrl("jdbc:sqlite:" + config.getInitParameter("database"));
        HikariConfig hikari = new HikariConfig();
        hikari.setDataSource(source);
        hikari.setMaximumPoolSize(8);
        HikariDataSource opened = new HikariDataSource(hikari);
        pool = opened;
        JdbcIndexedSessionRepository repository = new JdbcIndexedSessionRepository(
                new JdbcTemplate(opened), new TransactionTemplate(new DataSourceTransactionManager(opened)));
        repository.setDefaultMaxInactiveInterval(Duration.ofDays(300));
        spring = new SessionRepositoryFilter<>(repository);
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        Objects.requireNonNull(spring).doFilter(request, response, PeerFilter::answer);
    }

    private static void answer(ServletRequest request, ServletResponse response) throws IOException {
        HttpSession session = ((HttpServletRequest) request).getSession(false);
        if (session == null) {
            throw new IllegalStateException("nobody");
        }
        byte[] body = String.valueOf(session.getAttribute("answer")).getBytes(StandardCharsets.UTF_8);
        response.setContentType("application/json");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    @Override
    public void destroy() {
        Objects.requireNonNull(pool).close();
    }
}
