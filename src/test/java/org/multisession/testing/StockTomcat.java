package org.multisession.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A Tomcat as an operator unpacks it. */
final class StockTomcat {

    private StockTomcat() {}

    /** Copies a distribution, and changes its ports: HTTP to any free one of the loopback address, no other. */
    static void unpack(Path base, Path home) throws IOException {
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.toList()) {
                Path copy = base.resolve(home.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy);
                }
            }
        }
        for (String made : List.of("logs", "temp", "work")) {
            Files.createDirectories(base.resolve(made));
        }
        if (!Files.isDirectory(base.resolve("webapps/ROOT"))) {
            throw new IllegalStateException("No webapps/ROOT in " + home + ": run `mvn pre-integration-test` once");
        }
        Path serverXml = base.resolve("conf/server.xml");
        String xml = Files.readString(serverXml);
        xml = Fenced.replaced(xml, "<Server port=\"8005\"", "<Server port=\"-1\"");
        xml = Fenced.replaced(
                xml,
                "<Connector port=\"8080\" protocol=\"HTTP/1.1\"",
                "<Connector port=\"0\" address=\"127.0.0.1\" protocol=\"HTTP/1.1\"");
        Files.writeString(serverXml, xml);
    }

    /** Starts it by its own script, in the foreground. */
    static Process run(Path base, Path javaHome) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        "sh", base.resolve("bin/catalina.sh").toString(), "run")
                .directory(base.toFile())
                .redirectErrorStream(true);
        builder.environment()
                .keySet()
                .removeIf(name -> name.startsWith("MULTISESSION_") || name.startsWith("CATALINA_"));
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_HOME"));
        builder.environment().put("JRE_HOME", javaHome.toString());
        // The log is read; it must not depend on the machine's language.
        builder.environment().put("JAVA_OPTS", "-Duser.language=en -XX:TieredStopAtLevel=1");
        return builder.start();
    }
}
