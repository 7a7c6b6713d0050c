package org.multisession.web;

import jakarta.servlet.ServletRequest;
import java.security.Principal;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.SignedIn;

/**
 * The signed-in user of a request. Servlets behind {@link AuthFilter} get it from {@code getUserPrincipal()} or {@link
 * #of}.
 */
public record CurrentUser(SignedIn signedIn) implements Principal {

    /** The request attribute that holds this. */
    public static final String ATTRIBUTE = CurrentUser.class.getName();

    /** The request attribute that holds the user id as text, for an access log: {@code %{…}r}. */
    public static final String ID_ATTRIBUTE = "org.multisession.userId";

    /** Returns the user of this request; null if nobody is signed in, which cannot happen on a protected route. */
    public static @Nullable CurrentUser of(ServletRequest request) {
        return request.getAttribute(ATTRIBUTE) instanceof CurrentUser user ? user : null;
    }

    /** The same on a protected route. */
    public static CurrentUser required(ServletRequest request) {
        CurrentUser user = of(request);
        if (user == null) {
            throw HttpProblem.unauthenticated();
        }
        return user;
    }

    public long id() {
        return signedIn.user().id();
    }

    public @Nullable String phone() {
        return signedIn.user().phone();
    }

    public @Nullable String plan() {
        return signedIn.user().plan();
    }

    /** {@code session} or {@code legacy}. */
    public String via() {
        return signedIn.via().text();
    }

    /** The user id as text. */
    @Override
    public String getName() {
        return Long.toString(id());
    }

    @Override
    public String toString() {
        return signedIn.user().toString();
    }
}
