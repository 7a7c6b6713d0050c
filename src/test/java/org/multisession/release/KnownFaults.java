package org.multisession.release;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.StreamSupport;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.apache.maven.artifact.versioning.ComparableVersion;

/**
 * Whether a library in the WAR has a publicly known fault. {@code mvn -Prelease} asks it of the bill of materials.
 *
 * <p>The advisories come from a file on this machine, the zip that osv.dev publishes for Maven, in the <a
 * href="https://ossf.github.io/osv-schema/">OSV format</a>; nothing is asked over the network. Without the file it says
 * that it did not run.
 *
 * <p>Started from its source file, without the tests being compiled: it must stand alone.
 */
public final class KnownFaults {

    static final int NONE = 0;
    static final int SOME = 1;
    static final int DID_NOT_RUN = 2;

    /** What the build gives where nobody has named a file. */
    static final String NO_DATABASE = "none";

    private static final String WHERE = "https://osv-vulnerabilities.storage.googleapis.com/Maven/all.zip";
    /** Older advisories lack what has become known since. */
    private static final Duration OLD = Duration.ofDays(30);

    private static final ObjectMapper JSON = new ObjectMapper();

    private record Library(String name, String version) {}

    private final List<Library> libraries;
    private final List<String> faults = new ArrayList<>();
    private int advisories;
    /** When an advisory last changed: that is how new the file is, whenever it was downloaded or copied. */
    private Instant newest = Instant.EPOCH;

    private KnownFaults(List<Library> libraries) {
        this.libraries = libraries;
    }

    /** Takes the bill of materials and the zip of advisories. */
    public static void main(String[] args) throws IOException {
        System.exit(run(Path.of(args[0]), args[1], InstantSource.system(), System.out));
    }

    /**
     * Prints what it found.
     *
     * @return whether there is a fault; a check that nobody has asked for is no failure
     */
    static int run(Path billOfMaterials, String database, InstantSource clock, PrintStream out) throws IOException {
        if (database.equals(NO_DATABASE)) {
            out.println("The check for known faults did NOT run: it needs the advisories of osv.dev. Download " + WHERE
                    + " and give the file: -Dosv.database=all.zip");
            return NONE;
        }
        Path file = Path.of(database);
        for (Path needed : List.of(file, billOfMaterials)) {
            if (!Files.isReadable(needed)) {
                out.println("The check for known faults did NOT run: there is no file " + needed);
                return DID_NOT_RUN;
            }
        }
        KnownFaults check = new KnownFaults(libraries(billOfMaterials));
        check.read(file);
        int code = check.report(file, out);
        if (code != DID_NOT_RUN) {
            check.warnOfAge(clock.instant(), out);
        }
        return code;
    }

    private static List<Library> libraries(Path billOfMaterials) throws IOException {
        List<Library> libraries = new ArrayList<>();
        for (JsonNode component : JSON.readTree(billOfMaterials.toFile()).path("components")) {
            libraries.add(new Library(
                    component.path("group").asText() + ":"
                            + component.path("name").asText(),
                    component.path("version").asText()));
        }
        return libraries;
    }

    private void read(Path database) throws IOException {
        try (ZipFile zip = new ZipFile(database.toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                if (entry.getName().endsWith(".json")) {
                    try (InputStream in = zip.getInputStream(entry)) {
                        judge(JSON.readTree(in));
                    }
                }
            }
        }
    }

    private void judge(JsonNode advisory) {
        advisories++;
        Instant changed = time(advisory.path("modified").asText());
        if (changed.isAfter(newest)) {
            newest = changed;
        }
        if (advisory.has("withdrawn")) {
            return;
        }
        for (JsonNode affected : advisory.path("affected")) {
            JsonNode named = affected.path("package");
            for (Library library : libraries) {
                if (named.path("ecosystem").asText().equals("Maven")
                        && named.path("name").asText().equals(library.name())
                        && isAffected(affected, library.version())) {
                    faults.add(advisory.path("id").asText() + " in " + library.name() + " " + library.version() + ": "
                            + advisory.path("summary").asText("see https://osv.dev"));
                }
            }
        }
    }

    private static Instant time(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            return Instant.EPOCH;
        }
    }

    private static boolean isAffected(JsonNode affected, String version) {
        for (JsonNode listed : affected.path("versions")) {
            if (listed.asText().equals(version)) {
                return true;
            }
        }
        for (JsonNode range : affected.path("ranges")) {
            if (!range.path("type").asText().equals("GIT") && isWithin(range.path("events"), version)) {
                return true;
            }
        }
        return false;
    }

    /** Plays the events up to this version, as the format demands. */
    private static boolean isWithin(JsonNode events, String text) {
        ComparableVersion version = new ComparableVersion(text);
        boolean isAffected = false;
        for (JsonNode event : StreamSupport.stream(events.spliterator(), false)
                .sorted(Comparator.comparing(KnownFaults::version))
                .toList()) {
            int since = version.compareTo(version(event));
            if (event.has("introduced") && since >= 0) {
                isAffected = true;
            } else if ((event.has("fixed") && since >= 0) || (event.has("last_affected") && since > 0)) {
                isAffected = false;
            }
        }
        return isAffected;
    }

    private static ComparableVersion version(JsonNode event) {
        return new ComparableVersion(event.elements().next().asText());
    }

    private int report(Path file, PrintStream out) {
        if (libraries.isEmpty() || advisories == 0) {
            out.println("The check for known faults did NOT run: there are " + libraries.size()
                    + " libraries in the bill of materials, and " + advisories + " advisories in " + file);
            return DID_NOT_RUN;
        }
        faults.stream().distinct().sorted().forEach(out::println);
        out.println(String.format(
                Locale.ROOT,
                "Known faults: %d (libraries: %d, advisories: %,d up to %s in %s)",
                faults.stream().distinct().count(),
                libraries.size(),
                advisories,
                newest.equals(Instant.EPOCH)
                        ? "an unknown day"
                        : newest.atZone(ZoneOffset.UTC).toLocalDate(),
                file));
        return faults.isEmpty() ? NONE : SOME;
    }

    /** The release goes on: an old file is better than none, and whoever publishes decides. */
    private void warnOfAge(Instant now, PrintStream out) {
        if (newest.equals(Instant.EPOCH)) {
            out.println("WARNING: no advisory says when it was changed, so the file may be of any age. Download "
                    + WHERE + " again");
        } else if (newest.plus(OLD).isBefore(now)) {
            out.println("WARNING: these advisories are "
                    + Duration.between(newest, now).toDays()
                    + " days old, and what has become known since is not found. Download " + WHERE + " again");
        }
    }
}
