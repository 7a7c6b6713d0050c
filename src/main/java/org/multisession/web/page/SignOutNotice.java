package org.multisession.web.page;

import jakarta.servlet.http.HttpServletRequest;
import java.util.HashMap;
import java.util.Map;
import org.multisession.auth.SignOut;
import org.multisession.auth.SignOut.Shared;
import org.multisession.auth.SignedIn;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.user.User;
import org.multisession.web.CurrentUser;
import org.multisession.web.SessionCookie;

/**
 * Tells people before they sign out what else it affects: another account in the same browser, and the old devices that
 * share a session with it.
 */
public final class SignOutNotice {

    private final SignOut signOut;
    private final SessionCookie cookie;
    private final PhoneNumbers phoneNumbers;

    public SignOutNotice(SignOut signOut, SessionCookie cookie, PhoneNumbers phoneNumbers) {
        this.signOut = signOut;
        this.cookie = cookie;
        this.phoneNumbers = phoneNumbers;
    }

    /** What the page shows. */
    Map<String, Object> of(HttpServletRequest request, SignedIn signedIn) {
        Map<String, Object> model = new HashMap<>();
        User beside = signedIn.beside();
        PhoneNumber other = beside == null ? null : phoneNumbers.parse(beside.phone());
        model.put("beside", beside == null ? null : other == null ? "•••" : other.masked());
        Shared shared = signOut.shared(signedIn, cookie.presented(request));
        model.put("via", shared == Shared.THIS ? "shared" : new CurrentUser(signedIn).via());
        model.put("isAnotherShared", shared == Shared.ANOTHER);
        return model;
    }
}
