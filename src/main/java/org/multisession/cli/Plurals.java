package org.multisession.cli;

import java.util.List;
import java.util.Locale;

/** Small texts that every command prints. */
final class Plurals {

    private static final int WIDTH = 78;

    private Plurals() {}

    /** For example {@code 1 user} and {@code 1,200 users}. */
    static String counted(long number, String what) {
        return String.format(Locale.ROOT, "%,d %s%s", number, what, number == 1 ? "" : "s");
    }

    /** All of them, indented, in lines that fit a terminal. */
    static String listed(List<String> names) {
        StringBuilder lines = new StringBuilder();
        StringBuilder line = new StringBuilder();
        for (String name : names) {
            if (line.length() > 0 && line.length() + name.length() + 2 > WIDTH) {
                lines.append(line.toString().stripTrailing()).append('\n');
                line.setLength(0);
            }
            line.append(line.length() == 0 ? "    " : "").append(name).append(", ");
        }
        String text = lines.append(line.toString().stripTrailing()).toString();
        return text.isEmpty() ? text : text.substring(0, text.length() - 1);
    }
}
