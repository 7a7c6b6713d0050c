package org.multisession.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs all benchmarks, each in a JVM of its own with the options of this one: what {@code mvn -Pbench verify} does. */
public final class Benchmarks {

    private static final List<Class<?>> ALL = List.of(
            ServingBench.class,
            WaitBench.class,
            LookUpBench.class,
            GrowthBench.class,
            CopyBench.class,
            PostgresBench.class,
            TellingApartBench.class);

    private Benchmarks() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        List<String> java = new ArrayList<>();
        java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        java.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        java.addAll(List.of("-classpath", System.getProperty("java.class.path")));
        for (Class<?> benchmark : ALL) {
            List<String> command = new ArrayList<>(java);
            command.add(benchmark.getName());
            if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
                throw new IllegalStateException(benchmark.getSimpleName() + " failed");
            }
        }
    }
}
