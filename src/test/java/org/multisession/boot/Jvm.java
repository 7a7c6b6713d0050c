package org.multisession.boot;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** What a running JVM says of itself through the JDK's own {@code jcmd}. */
record Jvm(long pid) {

    private static final Pattern THREAD = Pattern.compile("^\"([^\"]+)\" ", Pattern.MULTILINE);

    /** The names of all Java threads. */
    List<String> threads() {
        return THREAD.matcher(run("Thread.print"))
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    /** How many instances of a class are in use, over all class loaders; a full garbage collection comes first. */
    int instancesAfterGc(String type) {
        // Finding what is reachable only softly or through finalizers may take a second round.
        run("GC.run");
        Pattern line = Pattern.compile("^ *\\d+: +(\\d+) +\\d+ +" + Pattern.quote(type) + "(?= |$)", Pattern.MULTILINE);
        return line.matcher(run("GC.class_histogram"))
                .results()
                .map((MatchResult found) -> Integer.parseInt(found.group(1)))
                .reduce(0, Integer::sum);
    }

    private String run(String command) {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        try {
            Process process = new ProcessBuilder(jcmd, String.valueOf(pid), command)
                    .redirectErrorStream(true)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new AssertionError(command + " failed: " + output);
            }
            return output;
        } catch (IOException e) {
            throw new AssertionError("jcmd, which comes with every JDK, could not be run", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
