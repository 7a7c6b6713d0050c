package org.multisession.web;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletMapping;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.Principal;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.Authenticator;
import org.multisession.auth.SignedIn;

/**
 * Lets a request through to a protected servlet only with a signed-in user, whom the servlet sees through the servlet
 * API.
 *
 * <p>Every servlet is protected unless its init parameter {@link #PUBLIC} says that it is public. The filter decides by
 * the servlet that the container has chosen, never by the text of the URL, so no spelling of a path bypasses it. It is
 * mapped for all dispatcher types: a public servlet that forwards to a protected one does not open it. Only a call by
 * name ({@code getNamedDispatcher}) bypasses filters, which is the caller's own decision.
 */
public final class AuthFilter extends HttpFilter {

    /** Name of the init parameter that a servlet sets to {@code true} if it needs no signed-in user. */
    public static final String PUBLIC = "org.multisession.public";

    /** Whether each servlet is public, by its name. No servlet changes that once the application has started. */
    private final transient Map<String, Boolean> publicServlets = new ConcurrentHashMap<>();

    private final transient Authenticator authenticator;
    private final transient SessionCookie cookie;

    public AuthFilter(Authenticator authenticator, SessionCookie cookie) {
        this.authenticator = authenticator;
        this.cookie = cookie;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        CurrentUser user = CurrentUser.of(request);
        if (user == null) {
            if (request instanceof PageRequest || isPublic(request)) {
                BodyFilter.handOn(request);
                chain.doFilter(request, response);
                return;
            }
            SignedIn signedIn = authenticator.authenticate(cookie.presented(request), () -> ClientFactory.of(request));
            if (signedIn == null) {
                askToSignIn(request, response);
                return;
            }
            user = new CurrentUser(signedIn);
            request.setAttribute(CurrentUser.ATTRIBUTE, user);
            request.setAttribute(CurrentUser.ID_ATTRIBUTE, user.getName());
        }
        BodyFilter.handOn(request);
        chain.doFilter(new SignedInRequest(request, user), response);
    }

    private boolean isPublic(HttpServletRequest request) {
        HttpServletMapping mapping = request.getHttpServletMapping();
        // During an include the request still returns the mapping of the including servlet.
        if (request.getDispatcherType() == DispatcherType.INCLUDE
                && request.getAttribute(RequestDispatcher.INCLUDE_MAPPING) instanceof HttpServletMapping included) {
            mapping = included;
        }
        Boolean known = publicServlets.get(mapping.getServletName());
        if (known != null) {
            return known;
        }
        ServletRegistration servlet = request.getServletContext().getServletRegistration(mapping.getServletName());
        boolean isPublic = servlet != null && "true".equals(servlet.getInitParameter(PUBLIC));
        publicServlets.put(mapping.getServletName(), isPublic);
        return isPublic;
    }

    private static void askToSignIn(HttpServletRequest request, HttpServletResponse response) {
        if (request.getDispatcherType() != DispatcherType.REQUEST || !Browser.accepts(request)) {
            throw HttpProblem.unauthenticated();
        }
        boolean canComeBack =
                request.getMethod().equals("GET") || request.getMethod().equals("HEAD");
        Redirect.toSignIn(
                request,
                response,
                canComeBack ? LocalPath.of(request.getRequestURI(), request.getQueryString()) : null);
    }

    /** The request as the servlets behind the filter see it. */
    private static final class SignedInRequest extends HttpServletRequestWrapper {

        private final CurrentUser user;

        SignedInRequest(HttpServletRequest request, CurrentUser user) {
            super(request);
            this.user = user;
        }

        @Override
        public @Nullable Principal getUserPrincipal() {
            return user;
        }

        @Override
        public String getRemoteUser() {
            return user.getName();
        }

        /** {@code SESSION} or {@code LEGACY}. */
        @Override
        public String getAuthType() {
            return user.signedIn().via().name();
        }
    }
}
