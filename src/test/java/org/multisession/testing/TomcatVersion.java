package org.multisession.testing;

import java.nio.file.Files;
import java.nio.file.Path;

/** The Tomcats that the application must run on, unpacked by the build. */
public enum TomcatVersion {
    V10_1("tomcat-10.1"),
    V11("tomcat-11");

    private final String directory;

    TomcatVersion(String directory) {
        this.directory = directory;
    }

    /** The unpacked distribution: as the build says, or where the build last put it when a test runs alone. */
    public Path home() {
        Path home = Path.of(System.getProperty("test.tomcat." + name(), "target/" + directory))
                .toAbsolutePath();
        if (!Files.isRegularFile(home.resolve("bin/bootstrap.jar"))) {
            throw new IllegalStateException("No Tomcat in " + home + ": run `mvn pre-integration-test` once");
        }
        return home;
    }
}
