package org.multisession.web.page;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import org.multisession.testing.Browser;

/** axe-core, which looks at a page in the browser for what keeps people out. */
final class Axe {

    private static final String SCRIPT = script();

    private static final String RUN = """
            const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']}).then(
              found => done(found.violations.map(v => v.id + ': ' + v.help + ' at ' + v.nodes.map(n => n.html).join(' and '))),
              error => done(['axe itself failed: ' + error]));
            """;

    private Axe() {}

    /** Every violation on the page that is shown, by its rule and the elements; empty on a good page. */
    static List<?> violations(Browser browser) {
        browser.driver().executeScript(SCRIPT);
        return (List<?>) Objects.requireNonNull(browser.driver().executeAsyncScript(RUN));
    }

    private static String script() {
        try (InputStream in = Axe.class.getResourceAsStream("/axe.min.js")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
