package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.ArgumentMatchers.isNull;
import static org.mockito.ArgumentMatchers.matches;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.verifyNoInteractions;
import static org.mockito.Mockito.when;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.PreparedStatement;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mockito.ArgumentCaptor;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.FailureKind;
import org.multisession.testing.LogLines;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

class ErrorFilterTest {

    /** What is logged here is meant to happen. Held, or the setting would be collected. */
    private static final Logger LOG = Logger.getLogger(ErrorFilter.class.getName());

    private long now = Long.MAX_VALUE - 5_000_000_000L;

    private final HttpProblemResponder responder = mock(HttpProblemResponder.class);
    private final HttpServletRequest request = mock(HttpServletRequest.class);
    private final HttpServletResponse response = mock(HttpServletResponse.class);
    private final ErrorFilter filter = new ErrorFilter(responder, new SecureRandom(), () -> now);

    @BeforeAll
    static void quiet() {
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void loud() {
        LOG.setLevel(null);
    }

    @Test
    void a_refusal_is_answered_as_it_is() throws IOException, ServletException {
        HttpProblem failure = HttpProblem.unauthenticated();
        filter.doFilter(request, response, failing(failure));
        verify(responder).respond(request, response, failure, null);
    }

    @Test
    void that_the_database_cannot_be_reached_is_told_of_one_request_in_ten_seconds()
            throws IOException, ServletException {
        LOG.setLevel(null);
        try (LogLines log = new LogLines()) {
            for (int seconds = 0; seconds < 30; seconds++) {
                for (int i = 0; i < 3; i++) {
                    filter.doFilter(
                            request,
                            response,
                            failing(new DatabaseBusyException("it is away", FailureKind.UNREACHABLE, null)));
                }
                now += 1_000_000_000L;
            }
            assertThat(log.all()).hasSize(3).containsOnly("WARNING A request was answered with 503: it is away");
            filter.doFilter(request, response, failing(new DatabaseBusyException("it is locked", null)));
            filter.doFilter(request, response, failing(new DatabaseBusyException("it is locked", null)));
            assertThat(log.all()).hasSize(5);
        } finally {
            LOG.setLevel(Level.OFF);
        }
        verify(responder, times(92)).respond(eq(request), eq(response), any(), isNull());
    }

    @Test
    void what_nobody_foresaw_is_answered_with_a_reference_alone() throws IOException, ServletException {
        when(request.getMethod()).thenReturn("GET");
        when(request.getRequestURI()).thenReturn("/x\r\ny");
        filter.doFilter(request, response, failing(new IllegalStateException("a secret")));
        ArgumentCaptor<HttpProblem> answered = ArgumentCaptor.forClass(HttpProblem.class);
        verify(responder).respond(any(), any(), answered.capture(), matches("[0-9a-f]{8}"));
        assertThat(answered.getValue().status()).isEqualTo(500);
        assertThat(answered.getValue().detail()).doesNotContain("secret");
    }

    @Test
    void a_sign_in_that_finds_the_disk_full_is_answered_with_503_and_a_time_to_come_again(@TempDir Path folder)
            throws IOException, ServletException {
        try (SqliteApp old = SqliteApp.make(folder, "single");
                NewApp app = NewApp.deploy(old.path(), new TestClock())) {
            app.database.execute(transaction -> {
                try (PreparedStatement limit =
                        transaction.prepare("PRAGMA max_page_count = " + old.one("PRAGMA page_count"))) {
                    limit.execute();
                }
            });
            filter.doFilter(request, response, (ignored, unused) -> {
                for (int i = 0; i < 5000; i++) {
                    app.signIn("+79991234567");
                }
            });
        }
        ArgumentCaptor<HttpProblem> answered = ArgumentCaptor.forClass(HttpProblem.class);
        verify(responder).respond(any(), any(), answered.capture(), isNull());
        assertThat(answered.getValue().status()).isEqualTo(503);
        assertThat(answered.getValue().code()).isEqualTo("unavailable");
        assertThat(answered.getValue().headers()).containsEntry("Retry-After", "30");
    }

    @Test
    void a_page_that_fails_gets_no_other_page_in_its_place() {
        IllegalStateException broken = new IllegalStateException("broken page");
        assertThatThrownBy(() -> filter.doFilter(new PageRequest(request), response, failing(broken)))
                .isSameAs(broken);
        verifyNoInteractions(responder);
    }

    private static FilterChain failing(RuntimeException failure) {
        return (request, response) -> {
            throw failure;
        };
    }
}
