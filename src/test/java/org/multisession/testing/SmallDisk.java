package org.multisession.testing;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** A disk of some megabytes, in memory, that can be full. Only root may mount one. */
public final class SmallDisk implements AutoCloseable {

    private final Path path;
    private final List<Path> fillings = new ArrayList<>();

    private SmallDisk(Path path) {
        this.path = path;
    }

    /** Skips the test where none can be mounted. */
    public static SmallDisk mount(int megabytes) {
        try {
            Path path = Files.createTempDirectory("small-disk-");
            if (!OtherAccount.succeeds(
                    List.of("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m", "tmpfs", path.toString()))) {
                Files.delete(path);
                // The reason of a skipped test stands in its report only.
                System.out.println("Skipped: a small disk cannot be mounted here; as root, it can");
                Assumptions.abort("a small disk cannot be mounted here");
            }
            return new SmallDisk(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Path path() {
        return path;
    }

    /** Leaves no room, to the last byte. */
    public void fill() {
        Path filling = path.resolve("filling-" + fillings.size());
        fillings.add(filling);
        byte[] zeros = new byte[4096];
        try (OutputStream file = Files.newOutputStream(filling)) {
            while (true) {
                file.write(zeros);
            }
        } catch (IOException e) {
            if (!String.valueOf(e.getMessage()).contains("No space left")) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Gives back all that was filled. */
    public void makeRoom() {
        try {
            for (Path filling : fillings) {
                Files.delete(filling);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        fillings.clear();
    }

    @Override
    public void close() {
        try {
            if (!OtherAccount.succeeds(List.of("umount", path.toString()))) {
                throw new AssertionError(path + " is still in use");
            }
            Files.delete(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
