package org.multisession.check;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** How a report is written. */
public enum Format {
    /** For a terminal of 100 columns. */
    TEXT {
        @Override
        public void write(Report report, OutputStream out) throws IOException {
            out.write(TextReport.write(report).getBytes(StandardCharsets.UTF_8));
        }
    },
    /** For a change request. */
    MARKDOWN {
        @Override
        public void write(Report report, OutputStream out) throws IOException {
            out.write(MarkdownReport.write(report).getBytes(StandardCharsets.UTF_8));
        }
    },
    /** For programs; the only one that names every row. */
    JSON {
        @Override
        public void write(Report report, OutputStream out) throws IOException {
            JsonReport.write(report, out);
        }
    };

    /** The whole report, with a line break at its end. */
    public abstract void write(Report report, OutputStream out) throws IOException;
}
