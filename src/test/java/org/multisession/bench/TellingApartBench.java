package org.multisession.bench;

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/**
 * Whether a stranger with a stopwatch can tell a number that has an account from one that has none.
 *
 * <p>A real Tomcat, one connection, and pairs of {@code POST /login}, one of a known and one of an unknown number, in
 * random order; after each, a second request of the same connection, which would show what is left to do behind the
 * answer. The database lies in memory, so that no disk hides a difference, and the gateway is a server on this machine,
 * which makes the difference as large as it can be. A round of unknown against unknown numbers shows what this machine
 * answers where there is nothing to find.
 *
 * <p>{@code AUC} is how often a guess by one pair of times would be right: 0.5 is a coin. {@code p} is how likely a
 * coin gives so much (sign test over the pairs, Mann–Whitney over all times).
 *
 * <pre>mvn -Pbench verify [-Dpairs=4000]</pre>
 */
public final class TellingApartBench {

    private static final int WARM_UP = 1500;
    private static final long SEED = 20260101;

    /** Where the numbers begin, behind the code of the operator. */
    private static final int KNOWN = 1_000_000;

    private static final int UNKNOWN = 5_000_000;

    private TellingApartBench() {}

    /** In microseconds, pair by pair. */
    private static final class Times {

        private final double[] answer;
        private final double[] next;

        Times(int pairs) {
            answer = new double[pairs];
            next = new double[pairs];
        }
    }

    public static void main(String[] arguments) throws IOException {
        int pairs = Integer.getInteger("pairs", 4000);
        for (String sender : List.of("log", "http")) {
            try (MemoryFolder folder = new MemoryFolder();
                    Gateway gateway = new Gateway();
                    SqliteApp database = users(folder.path(), WARM_UP + pairs);
                    TomcatServer tomcat = TomcatServer.of(TomcatVersion.V11)
                            .webapp("/", TomcatServer.war(), settings(database.path(), sender, gateway))
                            .start()) {
                System.out.printf("%nsender = %s, %d pairs%n", sender, pairs);
                Random random = new Random(SEED);
                try (Connection connection = new Connection(tomcat.port())) {
                    // The even numbers from the first base on have an account.
                    measure(connection, random, KNOWN, 0, WARM_UP);
                    report("nothing to find", measure(connection, random, UNKNOWN, 0, pairs));
                    report("known : unknown", measure(connection, random, KNOWN, WARM_UP, pairs));
                }
            }
        }
    }

    private static Map<String, String> settings(Path database, String sender, Gateway gateway) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("multisession.db.url", database.toString());
        settings.put("multisession.limit.address-per-hour", "100000");
        settings.put("multisession.limit.prefix-per-day", "1000000");
        settings.put("multisession.limit.total-per-day", "10000000");
        settings.put("multisession.limit.breaker-used-percent", "0");
        settings.put("multisession.sms.sender", sender);
        settings.put("multisession.sms.host", "id.example.com");
        settings.put("multisession.sms.http.url", gateway.address());
        settings.put("multisession.sms.http.body", "to={phone}&text={text}");
        settings.put("multisession.sms.http.headers", "Content-Type: application/x-www-form-urlencoded");
        return settings;
    }

    private static SqliteApp users(Path folder, int count) {
        SqliteApp database = SqliteApp.make(folder, "single");
        database.run("PRAGMA journal_mode=WAL");
        database.run(
                "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < " + count
                        + ") INSERT INTO users (phone, auth_token) SELECT '+7999' || (1000000 + 2 * i), hex(randomblob(16)) FROM n");
        return database;
    }

    /** The even numbers against the odd ones beside them, so that both stand in the same block of numbers. */
    private static Times[] measure(Connection connection, Random random, int base, int from, int pairs)
            throws IOException {
        Times[] times = {new Times(pairs), new Times(pairs)};
        for (int i = 0; i < pairs; i++) {
            if (i % 20 == 0) {
                connection.renew();
                connection.exchange("GET /static/icon.svg", "", 200);
            }
            int one = random.nextInt(2);
            for (int which : new int[] {one, 1 - one}) {
                String number = "%2B7999" + (base + 2 * (from + i) + which);
                long start = System.nanoTime();
                connection.exchange("POST /login", "phone=" + number, 303);
                long answered = System.nanoTime();
                connection.exchange("GET /static/icon.svg", "", 200);
                times[which].next[i] = (System.nanoTime() - answered) / 1e3;
                times[which].answer[i] = (answered - start) / 1e3;
            }
        }
        return times;
    }

    private static void report(String round, Times[] times) {
        report(round + ", the answer      ", times[0].answer, times[1].answer);
        report(round + ", the next request", times[0].next, times[1].next);
    }

    private static void report(String what, double[] first, double[] second) {
        int n = first.length;
        long longer = IntStream.range(0, n).filter(i -> first[i] > second[i]).count();
        double sign = (longer - n / 2.0) / Math.sqrt(n / 4.0);
        double auc = auc(first, second);
        double mannWhitney = (auc - 0.5) * n * (double) n / Math.sqrt((double) n * n * (2.0 * n + 1) / 12);
        System.out.printf(
                Locale.ROOT,
                "%s  medians %7.1f : %7.1f us   sign test p = %.3f   AUC = %.4f, p = %.3f%n",
                what,
                quantile(first),
                quantile(second),
                twoSided(sign),
                auc,
                twoSided(mannWhitney));
    }

    private static double quantile(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** The share of all pairs of a value of the first and one of the second in which the first is larger. */
    private static double auc(double[] first, double[] second) {
        double[] sorted = second.clone();
        Arrays.sort(sorted);
        double larger = 0;
        for (double value : first) {
            int at = Arrays.binarySearch(sorted, value);
            larger += at < 0 ? -at - 1 : at + 0.5;
        }
        return larger / first.length / second.length;
    }

    /** The probability of a normal value so far from zero (Abramowitz and Stegun, 26.2.17). */
    private static double twoSided(double z) {
        double x = Math.abs(z);
        double t = 1 / (1 + 0.2316419 * x);
        double tail = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
        return 2 * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) * tail;
    }

    /** One kept connection; a client library would add noise of its own. */
    private static final class Connection implements AutoCloseable {

        private final int port;
        private Socket socket;
        private InputStream in;
        private OutputStream out;

        Connection(int port) throws IOException {
            this.port = port;
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            in = socket.getInputStream();
            out = socket.getOutputStream();
            renew();
        }

        /** Tomcat ends a connection after a hundred requests. */
        void renew() throws IOException {
            socket.close();
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream());
            out = socket.getOutputStream();
        }

        void exchange(String what, String body, int expected) throws IOException {
            String request = what + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n"
                    + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + body.length()
                    + "\r\n\r\n" + body;
            out.write(request.getBytes(StandardCharsets.US_ASCII));
            out.flush();
            String status = line();
            if (!status.contains(" " + expected)) {
                throw new IllegalStateException(what + " was answered with " + status);
            }
            int length = 0;
            for (String header = line(); !header.isEmpty(); header = line()) {
                if (header.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                    length = Integer.parseInt(
                            header.substring("content-length:".length()).strip());
                }
            }
            in.skipNBytes(length);
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int b = in.read(); b != '\n'; b = in.read()) {
                if (b < 0) {
                    throw new IOException("the connection has ended");
                }
                if (b != '\r') {
                    line.append((char) b);
                }
            }
            return line.toString();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /** Takes every message at once. */
    private static final class Gateway implements AutoCloseable {

        private final HttpServer server;

        Gateway() throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setExecutor(Executors.newFixedThreadPool(2, task -> {
                Thread thread = new Thread(task, "gateway");
                thread.setDaemon(true);
                return thread;
            }));
            server.createContext("/", exchange -> {
                exchange.getRequestBody().readAllBytes();
                exchange.sendResponseHeaders(204, -1);
                exchange.close();
            });
            server.start();
        }

        String address() {
            return "http://127.0.0.1:" + server.getAddress().getPort() + "/send";
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }
}
