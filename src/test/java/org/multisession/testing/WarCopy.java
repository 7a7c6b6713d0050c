package org.multisession.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** An unpacked copy of the application with classes of a test added, as a team adds its own servlets to the WAR. */
public final class WarCopy {

    private final Path directory;

    private WarCopy(Path directory) {
        this.directory = directory;
    }

    /** Unpacks the application into a directory, which is made. */
    public static WarCopy unpack(Path directory) {
        try (ZipFile war = new ZipFile(TomcatServer.war().toFile())) {
            for (Enumeration<? extends ZipEntry> entries = war.entries(); entries.hasMoreElements(); ) {
                ZipEntry entry = entries.nextElement();
                Path file = directory.resolve(entry.getName());
                if (entry.isDirectory()) {
                    Files.createDirectories(file);
                } else {
                    Files.createDirectories(file.getParent());
                    try (InputStream content = war.getInputStream(entry)) {
                        Files.copy(content, file);
                    }
                }
            }
            return new WarCopy(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts the class file of a class of the tests into {@code WEB-INF/classes}. */
    public WarCopy add(Class<?> type) {
        String name = type.getName().replace('.', '/') + ".class";
        try (InputStream content = Objects.requireNonNull(type.getResourceAsStream("/" + name))) {
            Path file = directory.resolve("WEB-INF/classes").resolve(name);
            Files.createDirectories(file.getParent());
            Files.copy(content, file);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Adds elements to the end of {@code web.xml}. */
    public WarCopy describe(String elements) {
        Path descriptor = directory.resolve("WEB-INF/web.xml");
        try {
            String xml = Files.readString(descriptor);
            Files.writeString(descriptor, xml.replace("</web-app>", elements + "</web-app>"));
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Path path() {
        return directory;
    }
}
