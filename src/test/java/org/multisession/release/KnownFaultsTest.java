package org.multisession.release;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.multisession.testing.TestClock;

class KnownFaultsTest {

    private final TestClock clock = new TestClock();

    @TempDir
    Path folder;

    private Path bill;
    private String out = "";

    @BeforeEach
    void writeTheBill() throws IOException {
        bill = folder.resolve("sbom.json");
        Files.writeString(bill, """
                {"bomFormat":"CycloneDX","components":[
                  {"group":"com.example","name":"pool","version":"7.1.0","purl":"pkg:maven/com.example/pool@7.1.0?type=jar"},
                  {"group":"com.example","name":"json","version":"2.22.4","purl":"pkg:maven/com.example/json@2.22.4?type=jar"}]}
                """);
    }

    private int check(String... advisories) throws IOException {
        Path database = folder.resolve("all.zip");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(database))) {
            for (int i = 0; i < advisories.length; i++) {
                zip.putNextEntry(new ZipEntry("GHSA-" + i + ".json"));
                zip.write(advisories[i].getBytes(UTF_8));
                zip.closeEntry();
            }
        }
        return run(database.toString());
    }

    private int run(String database) throws IOException {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        int code = KnownFaults.run(bill, database, clock, new PrintStream(printed, true, UTF_8));
        out = printed.toString(UTF_8);
        return code;
    }

    private static String changed(Instant at) {
        return "{\"id\":\"GHSA-5678\",\"modified\":\"" + at + "\",\"affected\":[]}";
    }

    private static String advisory(String ecosystem, String name, String affected) {
        return "{\"id\":\"GHSA-1234\",\"summary\":\"It leaks\",\"affected\":[{\"package\":{\"ecosystem\":\"" + ecosystem
                + "\",\"name\":\"" + name + "\"}," + affected + "}]}";
    }

    private static String events(String events) {
        return "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[" + events + "]}]";
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\u0001',
            value = {
                "{\"introduced\":\"0\"}|1",
                "{\"introduced\":\"2.22.4\"}|1",
                "{\"introduced\":\"2.22.5\"}|0",
                "{\"introduced\":\"0\"},{\"fixed\":\"2.22.5\"}|1",
                "{\"introduced\":\"0\"},{\"fixed\":\"2.22.10\"}|1",
                "{\"introduced\":\"0\"},{\"fixed\":\"2.22.4\"}|0",
                "{\"introduced\":\"0\"},{\"fixed\":\"2.9.10.8\"}|0",
                "{\"introduced\":\"0\"},{\"fixed\":\"2.22.4-rc1\"}|0",
                "{\"introduced\":\"0\"},{\"last_affected\":\"2.22.4\"}|1",
                "{\"introduced\":\"0\"},{\"last_affected\":\"2.22.3\"}|0",
                "{\"fixed\":\"2.22.3\"},{\"introduced\":\"0\"}|0",
                "{\"introduced\":\"0\"},{\"fixed\":\"2.1\"},{\"introduced\":\"2.20\"},{\"fixed\":\"3.0\"}|1",
            })
    void a_range_of_versions_is_read_as_maven_orders_them(String events, int code) throws IOException {
        assertThat(check(advisory("Maven", "com.example:json", events(events))))
                .as(out)
                .isEqualTo(code);
        assertThat(out)
                .contains(
                        code == 0
                                ? "Known faults: 0 (libraries: 2, advisories: 1 up to an unknown day in "
                                : "GHSA-1234 in com.example:json 2.22.4: It leaks");
    }

    @Test
    void a_version_that_is_listed_is_a_fault() throws IOException {
        String listed = "\"versions\":[\"7.0.9\",\"7.1.0\"]";
        assertThat(check(advisory("Maven", "com.example:pool", listed))).isEqualTo(KnownFaults.SOME);
        assertThat(out)
                .startsWith("GHSA-1234 in com.example:pool 7.1.0: It leaks\n"
                        + "Known faults: 1 (libraries: 2, advisories: 1 up to an unknown day in "
                        + folder.resolve("all.zip") + ")\n");
    }

    @Test
    void what_is_withdrawn_or_of_others_is_none() throws IOException {
        String all = events("{\"introduced\":\"0\"}");
        assertThat(check(
                        advisory("npm", "com.example:json", all),
                        advisory("Maven", "com.example:json-extra", all),
                        advisory("Maven", "com.example:json", all)
                                .replace("{\"id\"", "{\"withdrawn\":\"2026-01-01\",\"id\"")))
                .as(out)
                .isEqualTo(KnownFaults.NONE);
        assertThat(out).startsWith("Known faults: 0 (libraries: 2, advisories: 3 up to an unknown day in ");
    }

    @ParameterizedTest
    @CsvSource({"0, false", "30, false", "31, true", "400, true"})
    void advisories_that_are_older_than_a_month_are_told_of_with_their_age_and_the_release_goes_on(
            int days, boolean warns) throws IOException {
        Instant newest = clock.instant().minus(Duration.ofDays(days));
        assertThat(check(changed(newest.minus(Duration.ofDays(100))), changed(newest)))
                .isEqualTo(KnownFaults.NONE);
        assertThat(out).contains("advisories: 2 up to " + newest.toString().substring(0, 10) + " in ");
        if (warns) {
            assertThat(out).contains("WARNING: these advisories are " + days + " days old", "Download https://");
        } else {
            assertThat(out).doesNotContain("WARNING");
        }
    }

    @Test
    void advisories_without_a_day_are_told_of_too() throws IOException {
        assertThat(check(changed(Instant.EPOCH).replace("1970-01-01T00:00:00Z", "yesterday")))
                .isEqualTo(KnownFaults.NONE);
        assertThat(out).contains("up to an unknown day in ", "WARNING: no advisory says when it was changed");
    }

    @Test
    void without_advisories_it_says_that_it_did_not_run() throws IOException {
        assertThat(run(KnownFaults.NO_DATABASE)).as("nobody asked for it").isEqualTo(KnownFaults.NONE);
        assertThat(out).contains("did NOT run", "-Dosv.database=");
        assertThat(run(folder.resolve("missing.zip").toString())).isEqualTo(KnownFaults.DID_NOT_RUN);
        assertThat(out).contains("did NOT run: there is no file ");
        assertThat(check()).isEqualTo(KnownFaults.DID_NOT_RUN);
        assertThat(out).contains("did NOT run: there are 2 libraries in the bill of materials, and 0 advisories in ");
        Files.delete(bill);
        assertThat(check()).isEqualTo(KnownFaults.DID_NOT_RUN);
        assertThat(out).contains("did NOT run: there is no file " + bill);
    }
}
