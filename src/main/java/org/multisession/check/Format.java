package org.multisession.check;

/** How a report is written. */
public enum Format {
    /** For a terminal of 100 columns. */
    TEXT {
        @Override
        public String write(Report report) {
            return TextReport.write(report);
        }
    },
    /** For a change request. */
    MARKDOWN {
        @Override
        public String write(Report report) {
            return MarkdownReport.write(report);
        }
    },
    /** For programs. */
    JSON {
        @Override
        public String write(Report report) {
            return JsonReport.write(report);
        }
    };

    /** The whole report, with a line break at its end. */
    public abstract String write(Report report);
}
