package org.multisession.testing;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A JVM of its own, for what only a whole process can show: dying half-way, locks between processes, another account.
 * Spoken to line by line; what it logs goes to a file, which a failure quotes.
 */
public final class ChildJvm implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 60;

    /** How the shell and Java tell of a process that was ended by signal 9. */
    private static final int KILLED = 128 + 9;

    private final Process process;
    private final Path log;
    private final BufferedWriter toChild;
    private final BufferedReader fromChild;

    private ChildJvm(Process process, Path log) {
        this.process = process;
        this.log = log;
        this.toChild = process.outputWriter(StandardCharsets.UTF_8);
        this.fromChild = process.inputReader(StandardCharsets.UTF_8);
    }

    /** In a child: says a word, and waits until it is killed. */
    public static void waitForDeath(String word) {
        System.out.println(word);
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** In a child: says a word, and waits for a line. */
    public static void waitForWord(String word) {
        System.out.println(word);
        try {
            // Byte by byte, because no reader is there to keep what it has read too much.
            for (int read = System.in.read(); read != '\n'; read = System.in.read()) {
                if (read < 0) {
                    throw new AssertionError("nobody is there any more");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts a main class of the tests' own class path. The folder takes the log and what SQLite unpacks. */
    public static ChildJvm start(Path folder, Class<?> main, String... arguments) {
        return start(List.of(), System.getProperty("java.class.path"), folder, main, arguments);
    }

    /** The same behind a command that runs another one, and on a class path of the caller's. */
    public static ChildJvm start(
            List<String> before, String classPath, Path folder, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // Quick to start; how fast it runs does not matter.
        command.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Dfile.encoding=UTF-8"));
        // A halted JVM leaves behind what it unpacked.
        command.add("-Djava.io.tmpdir=" + folder);
        command.addAll(List.of("-cp", classPath, main.getName()));
        command.addAll(List.of(arguments));
        try {
            Path log = Files.createTempFile(folder, "child", ".log");
            Process process =
                    new ProcessBuilder(command).redirectError(log.toFile()).start();
            return new ChildJvm(process, log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends one line. */
    public void say(String line) {
        try {
            toChild.write(line);
            toChild.newLine();
            toChild.flush();
        } catch (IOException e) {
            throw new AssertionError("the child is gone: " + logged(), e);
        }
    }

    /** Waits for the child's next line. */
    public String hear() {
        try {
            String line = fromChild.readLine();
            if (line == null) {
                throw new AssertionError("the child said no more: " + logged());
            }
            return line;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends one line and waits for the answer. */
    public String ask(String line) {
        say(line);
        return hear();
    }

    /** Waits for the end of the process. */
    public int exit() {
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("the child does not end: " + logged());
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** What it has logged so far. */
    public String logged() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Kills it as {@code kill -9} does, which must not find it dead already. Returns what it had said by then and nobody
     * has heard, without a line that it could not finish.
     */
    public List<String> kill() {
        if (!process.isAlive()) {
            throw new AssertionError("the child has ended by itself: " + logged());
        }
        // By its handle: asked directly, a process also closes its output, and the last lines are lost.
        process.toHandle().destroyForcibly();
        try {
            StringBuilder rest = new StringBuilder();
            for (int read = fromChild.read(); read >= 0; read = fromChild.read()) {
                rest.append((char) read);
            }
            if (exit() != KILLED) {
                throw new AssertionError("the child was not killed, it ended with " + exit() + ": " + logged());
            }
            return rest.substring(0, rest.lastIndexOf("\n") + 1).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Has all of it stand still, as a virtual machine that is paused. */
    public void freeze() {
        signal("STOP");
    }

    /** Has it go on. */
    public void thaw() {
        signal("CONT");
    }

    private void signal(String name) {
        try {
            int status = new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            if (status != 0) {
                throw new AssertionError("the child could not be sent a signal: " + logged());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** As {@code kill -9} does it. */
    @Override
    public void close() {
        process.destroyForcibly();
        exit();
    }
}
