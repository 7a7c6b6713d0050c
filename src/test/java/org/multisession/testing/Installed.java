package org.multisession.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Logger;
import org.junit.jupiter.api.Assumptions;

/**
 * Programs that a test needs and no build can bring. Where one is not installed, the test is skipped and says what to
 * install; with {@code CI=true} it fails, so that a build server cannot quietly lose these tests.
 */
public final class Installed {

    private static final Set<String> TOLD = ConcurrentHashMap.newKeySet();

    private Installed() {}

    /** Goes on if all of these are there; {@code what} and {@code packages} are for the message. */
    public static void require(String what, String packages, Path... programs) {
        if (List.of(programs).stream().allMatch(Files::isExecutable)) {
            return;
        }
        String missing = "This test needs " + what + ": install " + join(programs) + " (on Debian: apt-get install "
                + packages + ")";
        if (Boolean.parseBoolean(System.getenv("CI"))) {
            throw new AssertionError(missing);
        }
        if (TOLD.add(missing)) {
            // The reason of a skipped test stands in its report only.
            Logger.getLogger(Installed.class.getName()).warning(missing);
        }
        Assumptions.abort(missing);
    }

    private static String join(Path... programs) {
        return String.join(
                " and ", List.of(programs).stream().map(Path::toString).toList());
    }
}
