package org.multisession.boot;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** What docs/postgresql.md says that the account of every day needs. */
final class GrantsOfTheDocument {

    private GrantsOfTheDocument() {}

    /** The statements, for an account of this name. */
    static List<String> statements(String account) {
        try {
            String text = Files.readString(Path.of("docs/postgresql.md"));
            int start = text.indexOf("    GRANT ");
            String block = text.substring(start, text.indexOf("\n\n", start));
            return Arrays.stream(block.split(";"))
                    .map(statement -> statement.strip().replaceAll("\\s+", " "))
                    .filter(statement -> !statement.isEmpty())
                    .map(statement -> statement.replaceAll("\\bmultisession$", account))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
