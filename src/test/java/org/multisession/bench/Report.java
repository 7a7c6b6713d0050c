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

    /** Bars of the rows in this unit, each with its spread and, as a red line, its goal. */
    void writeSvg(Path file, String unit) throws IOException {
        List<Measure> shown =
                measures.stream().filter(each -> each.unit().equals(unit)).toList();
        double most = shown.stream()
                .mapToDouble(each -> Math.max(each.most(), each.goal() == null ? 0 : each.goal()))
                .max()
                .orElse(1);
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
                        + " font-size=\"13\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>%n",
                LEFT + WIDTH + 90,
                ROW * shown.size() + 20));
        for (int i = 0; i < shown.size(); i++) {
            Measure each = shown.get(i);
            int top = 10 + i * ROW;
            double scale = WIDTH / most;
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
                            + "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"16\" fill=\"#4a7fb5\"/>"
                            + "<path d=\"M%.1f %dH%.1f\" stroke=\"#1d3b57\" stroke-width=\"2\"/>"
                            + "<text x=\"%.1f\" y=\"%d\">%s</text>%n",
                    LEFT - 8,
                    top + 14,
                    each.name().replace("&", "&amp;").replace("<", "&lt;"),
                    LEFT,
                    top + 1,
                    each.median() * scale,
                    LEFT + each.least() * scale,
                    top + 9,
                    LEFT + each.most() * scale,
                    LEFT + each.most() * scale + 6,
                    top + 14,
                    Measure.number(each.median())));
            if (each.goal() != null) {
                double x = LEFT + each.goal() * scale;
                svg.append(String.format(
                        Locale.ROOT,
                        "<path d=\"M%.1f %dV%d\" stroke=\"#c0392b\" stroke-width=\"2\"/>%n",
                        x,
                        top - 2,
                        top + 20));
            }
        }
        Files.writeString(file, svg.append("</svg>\n"));
    }
}
