package org.multisession.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Lets Jazzer look for inputs that break a parser of what strangers send, one parser after another, each for as many
 * seconds as the argument says: what {@code mvn -Pfuzz test} does. What was learned stays in {@code target/fuzz}.
 */
public final class Fuzzing {

    private static final List<String> TARGETS = List.of(
            "org.multisession.token.CookieValueFuzz",
            "org.multisession.web.LocalPathFuzz",
            "org.multisession.web.page.FormBodyFuzz",
            "org.multisession.web.api.JsonFuzz",
            "org.multisession.db.SqlTimeFuzz",
            "org.multisession.phone.PhoneNumbersFuzz");

    private Fuzzing() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        for (String target : TARGETS) {
            Path corpus = Files.createDirectories(
                    Path.of("target", "fuzz", target.substring(target.lastIndexOf('.') + 1)));
            System.out.printf("%n%s, %s s%n", target, arguments[0]);
            int exit = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-classpath",
                            System.getProperty("java.class.path"),
                            "com.code_intelligence.jazzer.Jazzer",
                            "--target_class=" + target,
                            "--instrumentation_includes=org.multisession.**:com.fasterxml.jackson.core.json.*",
                            // Its own search for injections would look through all classes of the libraries first.
                            "--custom_hook_includes=org.multisession.**",
                            "-max_total_time=" + arguments[0],
                            "-max_len=400",
                            "-print_final_stats=1",
                            "-artifact_prefix=" + corpus + "/",
                            corpus.toString())
                    .inheritIO()
                    .start()
                    .waitFor();
            if (exit != 0) {
                throw new IllegalStateException(target + ": an input breaks it; it is in " + corpus);
            }
        }
    }
}
