package org.multisession.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The Tomcats that the application must run on, unpacked by the build. */
public enum TomcatVersion {
    V10_1("10.1"),
    V11("11");

    private final String version;

    TomcatVersion(String version) {
        this.version = version;
    }

    /** The unpacked distribution: as the build says, or where the build last put it when a test runs alone. */
    public Path home() {
        String told = System.getProperty("test.tomcat." + name());
        Path home = (told != null ? Path.of(told) : unpacked()).toAbsolutePath();
        if (!Files.isRegularFile(home.resolve("bin/bootstrap.jar"))) {
            throw new IllegalStateException("No Tomcat in " + home + ": run `mvn package -Dmaven.test.skip` once");
        }
        return home;
    }

    private Path unpacked() {
        String name = "apache-tomcat-" + version + ".";
        try (DirectoryStream<Path> found = Files.newDirectoryStream(Path.of("target"), name + "*")) {
            Path latest = Path.of("target", name + "x");
            for (Path each : found) {
                latest = each;
            }
            return latest;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
