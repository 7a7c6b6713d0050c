package org.multisession;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * What this build is.
 *
 * @param version as Maven has it, for example {@code 1.2.0}
 * @param commit what it was built from; {@code unknown} where it was not built from a checkout
 */
public record Product(String version, String commit) {

    private static final String UNKNOWN = "unknown";

    /** This build. */
    public static Product ours() {
        Properties properties = new Properties();
        try (InputStream in = Product.class.getResourceAsStream("product.properties")) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Product(value(properties, "version"), value(properties, "commit"));
    }

    /** Classes that were not built by Maven have its placeholders still. */
    private static String value(Properties properties, String name) {
        String value = properties.getProperty(name, "");
        return value.isEmpty() || value.startsWith("${") ? UNKNOWN : value;
    }

    /** For example {@code Multi-Session 1.2.0 (commit 0123abc)}. */
    @Override
    public String toString() {
        return "Multi-Session " + version + (commit.equals(UNKNOWN) ? "" : " (commit " + commit + ")");
    }
}
