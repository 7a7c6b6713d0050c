package org.multisession.web.page;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.web.LocalPath;

/**
 * The brand that people know: a name, a logo, where to get help and where to continue. The pages find it under {@link
 * #ATTRIBUTE} in the servlet context.
 */
public final class Brand {

    /** The name of the context attribute. Error pages need it as well, whatever request they come from. */
    public static final String ATTRIBUTE = "org.multisession.brand";

    private static final int MAX_LENGTH = 200;
    private static final Set<String> LINKS = Set.of("https", "http", "mailto", "tel");

    private final String name;
    private final @Nullable Logo logo;
    private final @Nullable String support;
    private final @Nullable String home;

    /** Takes texts that {@link #isText} and {@link #isHome} have accepted. */
    public Brand(String name, @Nullable Logo logo, @Nullable String support, @Nullable String home) {
        this.name = name;
        this.logo = logo;
        this.support = support;
        this.home = home;
    }

    /** Whether this can be shown in one line: not too long, and without control characters. */
    public static boolean isText(String text) {
        return !text.isBlank()
                && text.length() <= MAX_LENGTH
                && text.codePoints().noneMatch(Character::isISOControl);
    }

    /** Whether "Continue" can lead here: a path of this host, or the address of a site. */
    public static boolean isHome(String text) {
        return LocalPath.orNull(text) != null || (isText(text) && isSite(text));
    }

    public String getName() {
        return name;
    }

    public @Nullable Logo logo() {
        return logo;
    }

    public boolean isPictured() {
        return logo != null;
    }

    /** Where to get help: a link if {@link #isSupportALink}, otherwise text. */
    public @Nullable String getSupport() {
        return support;
    }

    public boolean isSupportALink() {
        if (support == null) {
            return false;
        }
        try {
            String scheme = new URI(support).getScheme();
            return scheme != null && LINKS.contains(scheme.toLowerCase(Locale.ROOT));
        } catch (URISyntaxException e) {
            return false;
        }
    }

    /** Where people want to go once they are signed in; null if not set. */
    public @Nullable String getHome() {
        return home;
    }

    /** Where a sign-in leads if no other page was requested first. */
    String afterSignIn(String contextPath) {
        return home != null ? home : contextPath + "/";
    }

    private static boolean isSite(String address) {
        try {
            URI uri = new URI(address);
            return uri.getHost() != null && ("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()));
        } catch (URISyntaxException e) {
            return false;
        }
    }
}
