package org.multisession.launcher;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Makes the WAR a command. Java does not look for classes under {@code WEB-INF}, so this one, at the root of the archive,
 * unpacks them into a folder of its own, hands over to {@code org.multisession.cli.Main}, and removes the folder when the
 * process ends.
 */
public final class Launcher {

    private static final String CLASSES = "WEB-INF/classes/";
    private static final String LIBRARIES = "WEB-INF/lib/";
    private static final String MAIN = "org.multisession.cli.Main";

    /** The exit code of every command that could not run. */
    private static final int COULD_NOT_RUN = 2;

    private Launcher() {}

    public static void main(String[] arguments) {
        // Otherwise JDK 22 to 24 find a console even if there is no terminal.
        System.setProperty("jdk.console", "java.base");
        URLClassLoader loader;
        try {
            loader = unpack(archive());
        } catch (IOException | URISyntaxException e) {
            System.err.println("multi-session: could not unpack the WAR into the folder for temporary files, "
                    + System.getProperty("java.io.tmpdir") + " (" + e + ")."
                    + " Choose another one with -Djava.io.tmpdir=FOLDER before -jar");
            System.exit(COULD_NOT_RUN);
            return;
        }
        Thread.currentThread().setContextClassLoader(loader);
        try {
            Class.forName(MAIN, true, loader).getMethod("main", String[].class).invoke(null, (Object) arguments);
        } catch (ReflectiveOperationException e) {
            System.err.println("multi-session: this archive is not whole, or this Java does not run it:");
            e.printStackTrace();
            System.exit(COULD_NOT_RUN);
        }
    }

    private static Path archive() throws URISyntaxException {
        return Path.of(Launcher.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
    }

    private static URLClassLoader unpack(Path archive) throws IOException {
        // Java makes it for this account alone.
        Path folder = Files.createTempDirectory("multi-session-");
        Thread cleanUp = new Thread(() -> remove(folder), "multi-session-clean-up");
        Runtime.getRuntime().addShutdownHook(cleanUp);
        List<URL> classPath = new ArrayList<>();
        classPath.add(Files.createDirectory(folder.resolve("classes")).toUri().toURL());
        try (ZipFile war = new ZipFile(archive.toFile())) {
            for (ZipEntry entry :
                    war.stream().filter(each -> !each.isDirectory()).toList()) {
                String name = entry.getName();
                if (name.startsWith(CLASSES)) {
                    copy(war, entry, folder.resolve("classes"), name.substring(CLASSES.length()));
                } else if (name.startsWith(LIBRARIES)) {
                    Path library = copy(war, entry, folder, name.substring(LIBRARIES.length()));
                    classPath.add(library.toUri().toURL());
                }
            }
        }
        return new URLClassLoader(classPath.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }

    private static Path copy(ZipFile war, ZipEntry entry, Path folder, String name) throws IOException {
        Path target = folder.resolve(name).normalize();
        if (!target.startsWith(folder)) {
            throw new IOException("the archive has an entry that points outside it: " + entry.getName());
        }
        Files.createDirectories(target.getParent());
        try (InputStream content = war.getInputStream(entry)) {
            Files.copy(content, target);
        }
        return target;
    }

    private static void remove(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        } catch (IOException e) {
            System.err.println("multi-session: " + folder + " could not be removed (" + e + ")");
        }
    }
}
