package org.multisession.config;

import java.nio.file.Path;
import java.util.Optional;
import org.multisession.web.page.Brand;
import org.multisession.web.page.Logo;

/** What people see. */
final class BrandKeys {

    static final Keys KEYS = new Keys("brand.");

    private static final int MAX_NAME_LENGTH = 60;

    private static final Setting<String> NAME = KEYS.of(
            "name",
            "Multi-Session",
            "a line of at most " + MAX_NAME_LENGTH + " characters",
            "The name that people know you by, shown on every page",
            text -> Keys.require(text, Brand.isText(text) && text.length() <= MAX_NAME_LENGTH));

    private static final Setting<Optional<Logo>> LOGO = KEYS.optional(
            "logo",
            "a readable file of at most 100 KiB: a PNG, JPEG, WebP or SVG picture",
            "Read at deploy; shown beside the name and in the browser's tab",
            text -> Logo.read(Path.of(DatabaseKeys.withPlaceholders(text))));

    private static final Setting<Optional<String>> SUPPORT = KEYS.optional(
            "support",
            "a link (https:, mailto: or tel:) or a line, of at most 200 characters",
            "Where to get help, at the foot of every page",
            text -> Keys.require(text, Brand.isText(text)));

    private static final Setting<Optional<String>> HOME = KEYS.optional(
            "home",
            "a path on the same host, such as /shop/, or the address of a site, such as https://example.com/",
            "Where a sign-in leads unless another page was requested first, and where \"Continue\" on the home page leads. If not"
                    + " set: the home page",
            text -> Keys.require(text, Brand.isHome(text)));

    private BrandKeys() {}

    static Brand brand(SettingReader reader) {
        return new Brand(
                reader.get(NAME),
                reader.optional(LOGO).orElse(null),
                reader.optional(SUPPORT).orElse(null),
                reader.optional(HOME).orElse(null));
    }
}
