package org.multisession.boot;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Tomcat's log, or the part of it that belongs to one deployment, line by line. */
record TomcatLog(List<String> lines) {

    private static final Pattern STACK_FRAME = Pattern.compile("\\s+at [\\w.$/@-]+\\(.*");

    static TomcatLog of(String log) {
        return new TomcatLog(log.lines().toList());
    }

    /** What Tomcat logged last between the beginning and the end of deploying that context ({@code app} for /app). */
    TomcatLog ofDeployment(String name) {
        int end = last("Deployment of deployment descriptor [", "/" + name + ".xml] has finished", lines.size());
        int start = last("Deploying deployment descriptor [", "/" + name + ".xml]", end);
        return new TomcatLog(lines.subList(start, end));
    }

    private int last(String beginning, String end, int before) {
        for (int i = before - 1; i >= 0; i--) {
            if (lines.get(i).contains(beginning) && lines.get(i).contains(end)) {
                return i;
            }
        }
        throw new AssertionError("no deployment is logged that ends in " + end + ":\n" + this);
    }

    /** What an operator sees who looks for what went wrong: the first entry of the highest level, all its lines. */
    Optional<String> firstSevere() {
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).contains(" SEVERE ")) {
                int end = i + 1;
                while (end < lines.size() && lines.get(end).startsWith("  ")) {
                    end++;
                }
                return Optional.of(String.join("\n", lines.subList(i, end)));
            }
        }
        return Optional.empty();
    }

    /** The lines of stack traces. */
    List<String> stackTraces() {
        return lines.stream()
                .filter(line -> STACK_FRAME.matcher(line).matches())
                .toList();
    }

    TomcatLog before(String text) {
        int end = 0;
        while (end < lines.size() && !lines.get(end).contains(text)) {
            end++;
        }
        return new TomcatLog(lines.subList(0, end));
    }

    boolean says(String text) {
        return lines.stream().anyMatch(line -> line.contains(text));
    }

    @Override
    public String toString() {
        return String.join("\n", lines);
    }
}
