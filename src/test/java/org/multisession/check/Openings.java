package org.multisession.check;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.multisession.migration.Progress;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;

/** What the check says of each token, for tests of other packages. */
public final class Openings {

    private Openings() {}

    /** Whose account each token of a file would open after a deploy, of those that somebody could present. */
    public static Map<String, @Nullable Long> after(Path path, Stage stage, SessionRules rules, InstantSource clock) {
        Map<String, @Nullable Long> opened = new HashMap<>();
        new Check(
                        new CheckRules(stage, false, "RU", rules, true),
                        Trials.NONE,
                        Duration.ofSeconds(5),
                        clock,
                        System::nanoTime,
                        Progress.NONE,
                        opening -> opened.put(opening.token().value(), opening.after()))
                .of(path);
        return opened;
    }
}
