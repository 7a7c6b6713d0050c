package org.multisession.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.multisession.bench.Load.Outcome;
import org.multisession.bench.Load.Request;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/**
 * How much of what Tomcat can do is left to those who are signed in.
 *
 * <p>One Tomcat serves, side by side, the application over a database of many sessions, a servlet that gives the same
 * answer without a look at anything, and the same session kept by Spring Session JDBC. Loads follow each other in turn,
 * round by round, and each is compared with the bare servlet's of its own round: figures of a shared machine mean nothing
 * by themselves. It judges nothing.
 *
 * <pre>mvn -Pbench verify [-Dbench.sessions=1000000] [-Dbench.rounds=5] [-Dbench.seconds=5]
 *     [-Dbench.only='session|verify']</pre>
 */
public final class ServingBench {

    /** Commits of another process in a second. */
    private static final int COMMITS = 20;

    /** Seconds of each load before anything counts. */
    private static final int WARM_UP = 10;

    /**
     * So many times as long are loads measured whose tokens are in use: a minute, in which each of them is noted once,
     * as in daily use. In a few seconds all these notes would fall into the time measured, or none of them.
     */
    private static final int LONGER = 12;

    private static final String BARE = "bare servlet";

    private static final String SIGN_INS = "sign-ins";

    private static final String BARE_SIGN_INS = "their transactions on one connection";

    private static final String PEER = "Spring Session JDBC";

    /** Each is written every five seconds, as often as any is, so that 20,000 are in a minute. */
    private static final int IN_USE = 20_000 / 12;

    /** As many as the goal for when sessions were last seen speaks of in a minute. */
    private static final int IN_A_MINUTE = 20_000;

    private static final String FIRST = "session, first request in a minute";

    private static final String FIRST_UNKNOWN = "unknown token, first request";

    /** Fewer than in the file: how many there are changes little there. */
    private static final int USERS_ON_A_SERVER = 200_000;

    private static final String ON_A_SERVER = ", on PostgreSQL";

    private static final String NOTED = "sessions of which 20,000 are noted a minute";

    private static final String NOT_NOTED = "sessions that are not noted";

    private final Path folder;
    private final int seconds = Integer.getInteger("bench.seconds", 5);
    private final int rounds = Integer.getInteger("bench.rounds", 5);

    /** Which loads are measured, by their names. */
    private final Pattern only = Pattern.compile(System.getProperty("bench.only", ".*"));

    private final Load load;

    /** By its name, what each load gave, round by round. */
    private final Map<String, List<Outcome>> outcomes = new LinkedHashMap<>();

    /** The same of the bytes that a request has allocated. */
    private final Map<String, List<Double>> allocations = new LinkedHashMap<>();

    /** The same of the microseconds of processor time that Tomcat has spent on a request. */
    private final Map<String, List<Double>> times = new LinkedHashMap<>();

    private ServingBench(Path folder) {
        this.folder = folder;
        this.load = new Load(folder);
    }

    /** How often the tokens of a load are used. */
    private enum Use {
        /** As often as they come, for as long as it takes that each is noted once. */
        DAILY,
        /** Each for the first time since anybody has committed, so that none of their answers is kept. */
        FIRST,
        /** However it comes. */
        ANY
    }

    private record Case(String name, Request request, int expectedStatus, Use use) {}

    public static void main(String[] arguments) throws IOException, SQLException, InterruptedException {
        Path folder =
                Path.of(System.getProperty("bench.folder", "target/bench")).toAbsolutePath();
        Files.createDirectories(folder);
        new ServingBench(folder).run();
    }

    private void run() throws IOException, SQLException, InterruptedException {
        int sessions = Integer.getInteger("bench.sessions", 1_000_000);
        BenchDatabase database = BenchDatabase.migrated(folder, "sessions-" + sessions, sessions);
        BenchDatabase signIns = BenchDatabase.migrated(folder, "sign-ins", Math.min(sessions, 20_000));
        signIns.forgetLegacyTokens();
        BenchDatabase noted = BenchDatabase.migrated(folder, "noted", 5_000);
        BenchDatabase notNoted = BenchDatabase.migrated(folder, "not-noted", 5_000);
        TomcatServer.Builder builder = TomcatServer.of(TomcatVersion.V11)
                // As Tomcat's own scripts start it; tests save the compiler's time.
                .jvmArgument("-XX:TieredStopAtLevel=4")
                .jvmArgument("-Xmx1g")
                .webapp("/app", TomcatServer.war(), settings(database.path(), "code"))
                .webapp("/sign-in", TomcatServer.war(), settings(signIns.path(), "none"))
                .webapp("/noted", TomcatServer.war(), noting(noted.path(), "PT1S"))
                .webapp("/not-noted", TomcatServer.war(), noting(notNoted.path(), "P1D"));
        String profile = System.getProperty("bench.jvm", "");
        for (String argument : profile.isEmpty() ? new String[0] : profile.split(" ")) {
            builder.jvmArgument(argument);
        }
        ServerDatabase server = isWantedOnAServer() ? serverDatabase(sessions) : null;
        if (server != null) {
            builder.webapp("/server", TomcatServer.war(), settings(server.app()));
        }
        PeerWebapp peer = PeerWebapp.ifThere(folder, sessions);
        if (peer != null) {
            builder.webapp("/peer", peer.folder());
        }
        Path bare = Files.createDirectories(folder.resolve("bare"));
        writeBare(bare, "");
        try (server;
                TomcatServer tomcat = builder.webapp("/bare", bare).start()) {
            String cookie = "auth_token=" + database.sessionTokens().get(0);
            writeBare(bare, answer(tomcat.uri("/app/api/me"), cookie));
            tomcat.redeploy("/bare");
            if (Load.hasWrk()) {
                checkClient(tomcat.port());
            }
            List<Case> cases = cases(database, signIns, peer);
            if (server != null) {
                addIfWanted(cases, onAServer("session", 200, server.tokens(ServerDatabase.SESSION, IN_A_MINUTE)));
                addIfWanted(cases, onAServer("legacy token", 200, server.tokens(ServerDatabase.LEGACY, IN_A_MINUTE)));
                addIfWanted(cases, onAServer("unknown token", 401, server.tokens(ServerDatabase.UNKNOWN, IN_A_MINUTE)));
            }
            List<String> inUse =
                    noted.sessionTokens().stream().distinct().limit(IN_USE).toList();
            addIfWanted(cases, new Case(NOTED, get("/noted/api/me", "auth_token=%s", inUse), 200, Use.ANY));
            addIfWanted(cases, new Case(NOT_NOTED, get("/not-noted/api/me", "auth_token=%s", inUse), 200, Use.ANY));
            // Everything is compiled before anything counts; that takes some ten thousand requests of each kind.
            for (Case each : cases) {
                load.run(tomcat.port(), each.request(), Math.max(seconds, WARM_UP));
            }
            awaitCensus(tomcat);
            for (int round = 0; round < rounds; round++) {
                for (Case each : cases) {
                    measure(each, tomcat, database);
                    if (each.name().equals(SIGN_INS)) {
                        measureBareSignIns(signIns);
                    }
                }
                measureBesideWriter(database, tomcat.port());
            }
            report();
        }
    }

    private List<Case> cases(BenchDatabase database, BenchDatabase signIns, @Nullable PeerWebapp peer) {
        List<Case> cases = new ArrayList<>();
        cases.add(new Case(BARE, get("/bare/", "auth_token=%s", database.sessionTokens()), 200, Use.ANY));
        List<String> inUse = some(database.sessionTokens());
        cases.add(new Case("session", me(inUse), 200, Use.DAILY));
        cases.add(new Case("legacy token", me(some(database.legacyTokens())), 200, Use.DAILY));
        cases.add(new Case("unknown token", me(some(database.unknownTokens())), 401, Use.DAILY));
        cases.add(new Case("/verify", get("/app/verify", "auth_token=%s", inUse), 200, Use.DAILY));
        cases.add(new Case(FIRST, me(database.sessionTokens()), 200, Use.FIRST));
        cases.add(new Case(FIRST_UNKNOWN, me(database.unknownTokens()), 401, Use.FIRST));
        cases.add(new Case("ten unknown cookies", tenCookies(database), 401, Use.ANY));
        if (peer != null) {
            cases.add(new Case(PEER, get("/peer/", "SESSION=%s", peer.cookies()), 200, Use.ANY));
        }
        cases.add(new Case(SIGN_INS, signIn(signIns), 200, Use.ANY));
        cases.removeIf(
                each -> !each.name().equals(BARE) && !only.matcher(each.name()).find());
        return cases;
    }

    private boolean isWantedOnAServer() {
        return only.matcher("session" + ON_A_SERVER).find();
    }

    private static ServerDatabase serverDatabase(int sessions) {
        ServerDatabase database = ServerDatabase.filled(Math.min(sessions, USERS_ON_A_SERVER));
        // Or Tomcat would migrate it while others are measured.
        NewApp.deploy(database.app().claim(), InstantSource.system()).close();
        database.app().run("VACUUM ANALYZE");
        return database;
    }

    private static Case onAServer(String name, int expectedStatus, List<String> tokens) {
        return new Case(name + ON_A_SERVER, get("/server/api/me", "auth_token=%s", tokens), expectedStatus, Use.DAILY);
    }

    private static List<String> some(List<String> tokens) {
        return tokens.stream().limit(IN_A_MINUTE).toList();
    }

    /** Until the application has counted its sessions, which it does every quarter of an hour and at first. */
    private static void awaitCensus(TomcatServer tomcat) throws IOException, InterruptedException {
        HttpRequest metrics = HttpRequest.newBuilder(tomcat.uri("/app/metrics")).build();
        while (!HttpClient.newHttpClient()
                .send(metrics, HttpResponse.BodyHandlers.ofString(UTF_8))
                .body()
                .lines()
                .anyMatch(line -> line.startsWith("multisession_sessions_live ") && !line.endsWith("NaN"))) {
            TimeUnit.SECONDS.sleep(1);
        }
    }

    private void addIfWanted(List<Case> cases, Case added) {
        if (only.matcher(added.name()).find()) {
            cases.add(added);
        }
    }

    private static Request me(List<String> tokens) {
        return get("/app/api/me", "auth_token=%s", tokens);
    }

    private static Request get(String path, String cookie, List<String> values) {
        return new Request("GET " + path + " HTTP/1.1\nCookie: " + cookie, "", values);
    }

    private static Request tenCookies(BenchDatabase database) {
        List<String> tokens = database.unknownTokens();
        List<String> values = new ArrayList<>();
        for (int i = 0; i + 10 <= tokens.size(); i += 10) {
            values.add(tokens.subList(i, i + 10).stream()
                    .map(token -> "auth_token=" + token)
                    .collect(Collectors.joining("; ")));
        }
        return get("/app/api/me", "%s", values);
    }

    private static Request signIn(BenchDatabase database) {
        return new Request(
                "POST /sign-in/api/login HTTP/1.1\nContent-Type: application/json",
                "{\"phone\":\"%s\"}",
                database.phones());
    }

    private void measure(Case each, TomcatServer tomcat, BenchDatabase database)
            throws IOException, SQLException, InterruptedException {
        if (each.use() == Use.FIRST) {
            database.commit();
        }
        Spent before = spent(tomcat);
        Outcome outcome = load.run(tomcat.port(), each.request(), each.use() == Use.DAILY ? LONGER * seconds : seconds);
        Spent after = spent(tomcat);
        double answered = Math.max(1, outcome.answered());
        double bytes = (after.bytes() - before.bytes()) / answered;
        double micros = (after.nanos() - before.nanos()) / 1000 / answered;
        allocations.computeIfAbsent(each.name(), key -> new ArrayList<>()).add(bytes);
        times.computeIfAbsent(each.name(), key -> new ArrayList<>()).add(micros);
        System.err.printf(Locale.ROOT, "%6.0f B %6.1f µs  ", bytes, micros);
        long expectedRefusals = each.expectedStatus() >= 400 ? outcome.answered() : 0;
        if (outcome.refused() != expectedRefusals) {
            throw new IllegalStateException(each.name() + ": " + outcome);
        }
        note(each.name(), outcome);
    }

    /** On the same database, and without anybody's requests meanwhile. */
    private void measureBareSignIns(BenchDatabase database) throws SQLException {
        BareSignIns.Result result = BareSignIns.run(database.path(), database.phones(), seconds);
        times.computeIfAbsent(BARE_SIGN_INS, key -> new ArrayList<>()).add(result.micros());
        System.err.printf(Locale.ROOT, "%8s %6.1f µs  ", "", result.micros());
        note(BARE_SIGN_INS, new Outcome(result.perSecond(), 0, Math.round(result.perSecond() * seconds), 0));
    }

    /** What Tomcat has used by now, and all web applications in it. */
    private record Spent(double bytes, double nanos) {}

    private static Spent spent(TomcatServer tomcat) throws IOException, InterruptedException {
        String[] words = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(tomcat.uri("/bare/spent")).build(),
                        HttpResponse.BodyHandlers.ofString(UTF_8))
                .body()
                .split(" ", -1);
        return new Spent(Double.parseDouble(words[0]), Double.parseDouble(words[1]));
    }

    private void note(String name, Outcome outcome) {
        outcomes.computeIfAbsent(name, key -> new ArrayList<>()).add(outcome);
        System.err.printf(Locale.ROOT, "%-32s %8.0f/s  p99 %6d µs%n", name, outcome.perSecond(), outcome.p99());
    }

    private void measureBesideWriter(BenchDatabase database, int port) {
        if (!only.matcher("session beside").find()) {
            return;
        }
        Request request = me(some(database.sessionTokens()));
        try (ChildJvm writer =
                ChildJvm.start(folder, BusyWriter.class, database.path().toString(), "" + COMMITS, "0")) {
            writer.hear();
            note("session beside a writer", load.run(port, request, seconds));
        }
        try (ChildJvm writer =
                ChildJvm.start(folder, BusyWriter.class, database.path().toString(), "0", "4000")) {
            writer.hear();
            note("session beside a held lock", load.run(port, request, Math.min(seconds, 4)));
        }
    }

    private void report() throws IOException {
        Report report = new Report();
        compare(report, "session", BARE, 0.75);
        compare(report, FIRST, BARE, 0.75);
        compare(report, "legacy token", BARE, 0.70);
        compare(report, "unknown token", BARE, 0.70);
        compare(report, FIRST_UNKNOWN, BARE, 0.70);
        compare(report, "/verify", BARE, 0.80);
        compare(report, "session beside a writer", BARE, 0.50);
        for (String name : List.of("session", "legacy token", "unknown token")) {
            compare(report, name + ON_A_SERVER, BARE, null);
        }
        compare(report, "ten unknown cookies", "session", null);
        compare(report, "session", PEER, 5.0);
        for (String name : List.of("session", FIRST, "legacy token", "unknown token", FIRST_UNKNOWN, "/verify")) {
            if (isMeasured(name, BARE)) {
                report.add(new Measure(
                        "processor time, " + name + " / " + BARE,
                        "×",
                        ratios(of(times, name), of(times, BARE)),
                        null,
                        true));
                report.add(new Measure(
                        "bytes allocated, " + name + " / " + BARE,
                        "×",
                        ratios(of(allocations, name), of(allocations, BARE)),
                        name.equals("session") ? 1.3 : null,
                        true));
            }
        }
        if (isMeasured("session beside a held lock", "session")) {
            report.add(new Measure(
                    "p99 of a session while another process holds the lock",
                    "×",
                    ratios("session beside a held lock", "session", Outcome::p99),
                    1.2,
                    true));
        }
        if (isMeasured(NOTED, NOT_NOTED)) {
            report.add(new Measure(
                    "p99 while 20,000 sessions a minute are noted / while none is",
                    "×",
                    ratios(NOTED, NOT_NOTED, Outcome::p99),
                    1.2,
                    true));
        }
        compare(report, SIGN_INS, BARE_SIGN_INS, 0.8);
        if (isMeasured(SIGN_INS, BARE_SIGN_INS)) {
            report.add(new Measure(
                    "processor time, " + SIGN_INS + " / " + BARE_SIGN_INS,
                    "×",
                    ratios(of(times, SIGN_INS), of(times, BARE_SIGN_INS)),
                    null,
                    true));
        }
        outcomes.forEach((name, all) -> report.add(
                new Measure(name, "/s", all.stream().map(Outcome::perSecond).toList(), null, false)));
        report.writeJson(Path.of("target/bench.json"), "serving");
        report.writeSvg(Path.of("target/bench-serving.svg"));
    }

    private void compare(Report report, String name, String base, @Nullable Double goal) {
        if (isMeasured(name, base)) {
            report.add(Measure.ratio(name + " / " + base, ratios(name, base, Outcome::perSecond), goal));
        }
    }

    private boolean isMeasured(String name, String base) {
        return outcomes.keySet().containsAll(List.of(name, base));
    }

    private interface Figure {
        double of(Outcome outcome);
    }

    private List<Double> ratios(String name, String base, Figure figure) {
        return ratios(
                of(outcomes, name).stream().map(figure::of).toList(),
                of(outcomes, base).stream().map(figure::of).toList());
    }

    private static <T> List<T> of(Map<String, List<T>> figures, String name) {
        return Objects.requireNonNull(figures.get(name));
    }

    private static List<Double> ratios(List<Double> measured, List<Double> bases) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < measured.size(); i++) {
            ratios.add(measured.get(i) / bases.get(i));
        }
        return ratios;
    }

    /** Whether the client that takes the place of {@code wrk} elsewhere can keep up with it, at least nearly. */
    private void checkClient(int port) {
        Request request = get("/bare/", "auth_token=%s", List.of("x"));
        load.run(port, request, seconds);
        double wrk = load.run(port, request, 3, true).perSecond();
        double client = load.run(port, request, 3, false).perSecond();
        System.err.printf(Locale.ROOT, "the Java client gets %.2f of what wrk gets%n", client / wrk);
    }

    private static Map<String, String> settings(Path database, String verification) {
        return Map.of(
                "multisession.db.url",
                database.toString(),
                "multisession.migration.backup",
                "off",
                "multisession.session.idle-timeout",
                "none",
                "multisession.login.verification",
                verification);
    }

    private static Map<String, String> settings(PostgresApp app) {
        return Map.of(
                "multisession.db.url", app.url(),
                "multisession.db.user", "postgres",
                "multisession.session.idle-timeout", "none");
    }

    /** With this interval between two notes of one session. */
    private static Map<String, String> noting(Path database, String interval) {
        Map<String, String> settings = new HashMap<>(settings(database, "code"));
        settings.put("multisession.session.last-seen-interval", interval);
        return settings;
    }

    private static void writeBare(Path webapp, String answer) throws IOException {
        Path classes = Files.createDirectories(webapp.resolve("WEB-INF/classes/org/multisession/bench"));
        for (Class<?> each : List.of(BareServlet.class, SpentServlet.class)) {
            String name = each.getSimpleName() + ".class";
            try (InputStream in = Objects.requireNonNull(each.getResourceAsStream(name))) {
                Files.write(classes.resolve(name), in.readAllBytes());
            }
        }
        Files.writeString(webapp.resolve("." + BareServlet.ANSWER), answer.isEmpty() ? "X-None: x\n\nx" : answer);
        Files.writeString(webapp.resolve("WEB-INF/web.xml"), """
                <web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0" metadata-complete="true">
                  <servlet><servlet-name>bare</servlet-name>
                    <servlet-class>org.multisession.bench.BareServlet</servlet-class></servlet>
                  <servlet-mapping><servlet-name>bare</servlet-name><url-pattern>/</url-pattern></servlet-mapping>
                  <servlet><servlet-name>spent</servlet-name>
                    <servlet-class>org.multisession.bench.SpentServlet</servlet-class></servlet>
                  <servlet-mapping><servlet-name>spent</servlet-name><url-pattern>/spent</url-pattern></servlet-mapping>
                </web-app>
                """);
    }

    /** A whole answer, as {@link BareServlet} takes it, without what Tomcat adds by itself. */
    private static String answer(URI uri, String cookie) throws IOException, InterruptedException {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(uri)
                                .version(HttpClient.Version.HTTP_1_1)
                                .header("Cookie", cookie)
                                .build(),
                        HttpResponse.BodyHandlers.ofString(UTF_8));
        if (answer.statusCode() != 200) {
            throw new IllegalStateException(answer + answer.body());
        }
        StringBuilder text = new StringBuilder();
        Map<String, List<String>> headers = new TreeMap<>(answer.headers().map());
        headers.keySet().removeAll(new TreeSet<>(List.of("content-length", "date", "connection", "keep-alive")));
        headers.forEach((name, values) ->
                text.append(name).append(": ").append(values.get(0)).append('\n'));
        return text.append('\n').append(answer.body()).toString();
    }
}
