package org.multisession.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * A folder for thousands of small databases, in memory where the system offers that: each commit waits for the disk,
 * and a slow disk would make minutes of it. What is tested there is not durability.
 */
public final class MemoryFolder implements AutoCloseable {

    private final Path path;

    public MemoryFolder() {
        Path shared = Path.of("/dev/shm");
        try {
            path = Files.isWritable(shared)
                    ? Files.createTempDirectory(shared, "multi-session-test")
                    : Files.createTempDirectory("multi-session-test");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Path path() {
        return path;
    }

    @Override
    public void close() {
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
