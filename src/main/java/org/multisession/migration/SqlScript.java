package org.multisession.migration;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/** An SQL file in this build: statements separated by blank lines, each optionally under a comment. */
public final class SqlScript {

    private SqlScript() {}

    /** The statements of a resource, without their comments, in order. */
    public static List<String> statements(String resource) {
        return Stream.of(text(resource).split("\\n\\s*\\n", -1))
                .map(SqlScript::withoutLeadingComment)
                .filter(sql -> !sql.isEmpty())
                .toList();
    }

    private static String withoutLeadingComment(String block) {
        String rest = block.strip();
        while (rest.startsWith("--")) {
            int end = rest.indexOf('\n');
            rest = end < 0 ? "" : rest.substring(end + 1).strip();
        }
        return rest;
    }

    private static String text(String resource) {
        try (InputStream in = SqlScript.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + " is missing from this build");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
