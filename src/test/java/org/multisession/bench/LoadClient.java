package org.multisession.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The load of {@link Load} where there is no {@code wrk}: one thread for each connection, which it keeps. */
public final class LoadClient {

    private static final int MAX_TIMES = 2_000_000;

    private LoadClient() {}

    /** One thread's part. */
    private static final class Part {

        private final long[] micros;
        private final long refused;

        Part(long[] micros, long refused) {
            this.micros = micros;
            this.refused = refused;
        }
    }

    /** The arguments are port, connections, seconds, and the file of requests; prints what {@code wrk} is made to. */
    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        int connections = Integer.parseInt(arguments[1]);
        int seconds = Integer.parseInt(arguments[2]);
        List<byte[]> requests = Files.readAllLines(Path.of(arguments[3])).stream()
                .map(line -> line.replace("\\n", "\r\n").getBytes(ISO_8859_1))
                .toList();
        long begin = System.nanoTime();
        long end = begin + seconds * 1_000_000_000L;
        ExecutorService threads = Executors.newFixedThreadPool(connections);
        List<Callable<Part>> work = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            int first = i * requests.size() / connections;
            work.add(() -> send(port, requests, first, end));
        }
        List<long[]> times = new ArrayList<>();
        long refused = 0;
        for (Future<Part> part : threads.invokeAll(work)) {
            times.add(part.get().micros);
            refused += part.get().refused;
        }
        threads.shutdown();
        long[] all = times.stream().flatMapToLong(Arrays::stream).sorted().toArray();
        System.out.printf(
                Locale.ROOT,
                "outcome %d %d %d %d 0%n",
                all.length,
                (System.nanoTime() - begin) / 1000,
                all.length == 0 ? 0 : all[(int) (all.length * 0.99)],
                refused);
    }

    private static Part send(int port, List<byte[]> requests, int first, long end) throws IOException {
        long[] micros = new long[MAX_TIMES];
        int count = 0;
        long refused = 0;
        long now = System.nanoTime();
        while (now - end < 0 && count < MAX_TIMES) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setTcpNoDelay(true);
                OutputStream out = socket.getOutputStream();
                InputStream in = new BufferedInputStream(socket.getInputStream(), 16_384);
                // Tomcat closes a connection after a number of requests.
                for (boolean isOpen = true; isOpen && now - end < 0 && count < MAX_TIMES; ) {
                    out.write(requests.get((first + count) % requests.size()));
                    Answer answer = answer(in);
                    isOpen = answer.isOpen();
                    if (answer.status() >= 400) {
                        refused++;
                    }
                    long answered = System.nanoTime();
                    micros[count++] = (answered - now) / 1000;
                    now = answered;
                }
            }
        }
        return new Part(Arrays.copyOf(micros, count), refused);
    }

    /** What came, and whether the connection may be used again. */
    private record Answer(int status, boolean isOpen) {}

    /** Reads one whole answer. */
    private static Answer answer(InputStream in) throws IOException {
        String first = line(in);
        long length = 0;
        boolean inChunks = false;
        boolean isOpen = true;
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            String lower = line.toLowerCase(Locale.ROOT);
            if (lower.startsWith("content-length:")) {
                length = Long.parseLong(lower.substring(15).strip());
            }
            inChunks |= lower.startsWith("transfer-encoding:");
            isOpen &= !lower.equals("connection: close");
        }
        if (inChunks) {
            for (int size = -1; size != 0; ) {
                size = Integer.parseInt(line(in), 16);
                in.skipNBytes(size);
                line(in);
            }
        }
        in.skipNBytes(length);
        return new Answer(Integer.parseInt(first.substring(9, 12)), isOpen);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder(64);
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new IOException("the connection was closed");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }
}
