package org.multisession.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The rows of a benchmark as a table, as {@code target/bench.json}, and as a picture. */
final class Report {

    private static final int ROW = 26;
    private static final int LEFT = 430;
    private static final int WIDTH = 480;

    private final List<Measure> measures = new ArrayList<>();

    void add(Measure measure) {
        if (measures.isEmpty()) {
            System.out.println(Measure.header());
        }
        System.out.println(measure.line());
        measures.add(measure);
    }

    /** Puts the rows under this name into the file, beside what other benchmarks have put there. */
    void writeJson(Path file, String name) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode all = Files.exists(file) && mapper.readTree(file.toFile()) instanceof ObjectNode known
                ? known
                : mapper.createObjectNode();
        var rows = all.putArray(name);
        for (Measure measure : measures) {
            ObjectNode row = rows.addObject()
                    .put("name", measure.name())
                    .put("unit", measure.unit())
                    .put("median", measure.median())
                    .put("goal", measure.goal())
                    .put("atMost", measure.atMost());
            var values = row.putArray("values");
            measure.values().forEach(values::add);
        }
        mapper.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), all);
    }

    /** Bars of the rows that have a goal, in parts of it, each with its spread: longer is better, and the line is the goal. */
    void writeSvg(Path file) throws IOException {
        List<Measure> shown =
                measures.stream().filter(each -> each.goal() != null).toList();
        double scale = WIDTH
                / shown.stream()
                        .mapToDouble(
                                each -> Math.max(1, Math.max(each.reached(each.least()), each.reached(each.most()))))
                        .max()
                        .orElse(1);
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
                        + " font-size=\"13\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>%n",
                LEFT + WIDTH + 130,
                ROW * shown.size() + 20));
        for (int i = 0; i < shown.size(); i++) {
            Measure each = shown.get(i);
            int top = 10 + i * ROW;
            double worst = LEFT + each.reached(each.atMost() ? each.most() : each.least()) * scale;
            double best = LEFT + each.reached(each.atMost() ? each.least() : each.most()) * scale;
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
                            + "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"16\" fill=\"%s\"/>"
                            + "<path d=\"M%.1f %dH%.1f\" stroke=\"#1d3b57\" stroke-width=\"2\"/>"
                            + "<text x=\"%.1f\" y=\"%d\">%s (%s)</text>%n",
                    LEFT - 8,
                    top + 14,
                    each.name().replace("&", "&amp;").replace("<", "&lt;"),
                    LEFT,
                    top + 1,
                    each.reached(each.median()) * scale,
                    each.isMet() ? "#4a9b7f" : "#d09a5b",
                    worst,
                    top + 9,
                    best,
                    Math.max(best, LEFT + scale) + 8,
                    top + 14,
                    Measure.number(each.median()),
                    each.wish()));
        }
        Files.writeString(
                file,
                svg.append(String.format(
                        Locale.ROOT,
                        "<path d=\"M%.1f 4V%d\" stroke=\"#c0392b\" stroke-width=\"2\"/>%n</svg>%n",
                        LEFT + scale,
                        ROW * shown.size() + 16)));
    }
}
