package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.matches;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.verifyNoInteractions;
import static org.mockito.Mockito.when;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mockito.ArgumentCaptor;

class ErrorFilterTest {

    /** What is logged here is meant to happen. Held, or the setting would be collected. */
    private static final Logger LOG = Logger.getLogger(ErrorFilter.class.getName());

    private final HttpProblemResponder responder = mock(HttpProblemResponder.class);
    private final HttpServletRequest request = mock(HttpServletRequest.class);
    private final HttpServletResponse response = mock(HttpServletResponse.class);
    private final ErrorFilter filter = new ErrorFilter(responder, new SecureRandom());

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
