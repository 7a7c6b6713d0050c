package org.multisession.web;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import java.net.URI;
import java.util.regex.Pattern;

/** Where a sign-in leads to is on this host, also for a browser, which drops tabs and takes a backslash for a slash. */
public final class LocalPathFuzz {

    private static final Pattern DROPPED = Pattern.compile("[\\t\\r\\n]");

    private LocalPathFuzz() {}

    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
        String path = LocalPath.orNull(data.consumeRemainingAsString());
        if (path == null) {
            return;
        }
        String asBrowsersReadIt = DROPPED.matcher(path).replaceAll("").replace('\\', '/');
        URI target = URI.create("https://here.example/login").resolve(URI.create(asBrowsersReadIt));
        if (!"here.example".equals(target.getHost())
                || !"https".equals(target.getScheme())
                || asBrowsersReadIt.startsWith("//")
                || target.normalize().getRawPath().startsWith("//")) {
            throw new AssertionError(path);
        }
    }
}
