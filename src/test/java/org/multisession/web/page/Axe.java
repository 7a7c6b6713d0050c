package org.multisession.web.page;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.testing.Browser;

/** Looks at a page in the browser for what keeps people out: by axe-core, and for what is cut off. */
final class Axe {

    private static final String SCRIPT = script();

    private static final String RUN = """
            const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']}).then(
              found => done(found.violations.map(v => v.id + ': ' + v.help + ' at ' + v.nodes.map(n => n.html).join(' and '))),
              error => done(['axe itself failed: ' + error]));
            """;

    /** WCAG 1.4.4 and 1.4.10, which axe-core leaves to people: nothing lies outside, in text of either size. */
    private static final String CUT_OFF = """
            const page = document.documentElement;
            const cutOff = [];
            for (const size of ['100%', '200%']) {
              page.style.fontSize = size;
              const over = page.scrollWidth - page.clientWidth;
              if (over > 0) {
                const widest = [...document.querySelectorAll('main *, header *, footer *')]
                  .filter(e => e.getBoundingClientRect().right > page.clientWidth && e.children.length === 0);
                cutOff.push(`in text of ${size}, ${over} px are cut off of ` + widest.map(e => e.outerHTML).join(' and '));
              }
            }
            page.style.fontSize = '';
            return cutOff;
            """;

    private Axe() {}

    /** Every violation on the page that is shown, by its rule and the elements; empty on a good page. */
    static List<?> violations(Browser browser) {
        browser.driver().executeScript(SCRIPT);
        List<Object> found = new ArrayList<>(list(browser.driver().executeAsyncScript(RUN)));
        found.addAll(list(browser.driver().executeScript(CUT_OFF)));
        return found;
    }

    private static List<?> list(@Nullable Object result) {
        return (List<?>) Objects.requireNonNull(result);
    }

    private static String script() {
        try (InputStream in = Axe.class.getResourceAsStream("/axe.min.js")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
