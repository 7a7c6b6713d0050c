package org.multisession.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Map;

/** A web application as Tomcat is told of it: a descriptor in {@code conf/Catalina/localhost}. */
record Webapp(String context, Path warOrDirectory, Map<String, String> parameters) {
    void deployTo(Path base) throws IOException {
        Files.move(written(base), descriptor(base, context));
    }

    /** Puts another descriptor in the place of the one that is there, so that Tomcat sees it change once. */
    void replaceIn(Path base) throws IOException {
        Path descriptor = descriptor(base, context);
        Path written = written(base);
        // Tomcat compares times for being different, and does not trust those of the last second.
        Files.setLastModifiedTime(
                written,
                FileTime.from(Files.getLastModifiedTime(descriptor).toInstant().minusSeconds(10)));
        Files.move(written, descriptor, StandardCopyOption.ATOMIC_MOVE);
    }

    private Path written(Path base) throws IOException {
        StringBuilder xml =
                new StringBuilder("<Context docBase=\"%s\">\n".formatted(escape(warOrDirectory.toString())));
        parameters.forEach((name, value) -> xml.append(
                "  <Parameter name=\"%s\" value=\"%s\" override=\"false\"/>\n".formatted(escape(name), escape(value))));
        xml.append("</Context>\n");
        Files.createDirectories(descriptor(base, context).getParent());
        // Tomcat looks every second: it must never see half a descriptor.
        return Files.writeString(base.resolve("temp/" + name(context) + ".unfinished"), xml);
    }

    /** Where Tomcat looks for the descriptor of a context. */
    static Path descriptor(Path base, String context) {
        return base.resolve("conf/Catalina/localhost/" + name(context) + ".xml");
    }

    /** Tomcat's file name of a context: {@code /a/b} is {@code a#b}, the root is {@code ROOT}. */
    static String name(String context) {
        String path = context.startsWith("/") ? context.substring(1) : context;
        String name = path.replace('/', '#');
        return name.isEmpty() || name.startsWith("##") ? "ROOT" + name : name;
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }
}
