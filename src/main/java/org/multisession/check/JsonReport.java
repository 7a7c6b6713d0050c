package org.multisession.check;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/** A report for programs. Codes and members stay as they are between versions; more may be added. */
final class JsonReport {

    private static final JsonFactory FACTORY = new JsonFactory();

    private final JsonGenerator json;

    private JsonReport(JsonGenerator json) {
        this.json = json;
    }

    /** Streams it: it names every row, and there may be millions. */
    static void write(Report report, OutputStream out) throws IOException {
        try (JsonGenerator json =
                FACTORY.createGenerator(out, JsonEncoding.UTF8).useDefaultPrettyPrinter()) {
            json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            new JsonReport(json).report(report);
            json.writeRaw('\n');
        }
    }

    private void report(Report report) throws IOException {
        json.writeStartObject();
        json.writeStringField(report.isFile() ? "file" : "database", report.place());
        json.writeStringField("version", report.product().version());
        json.writeStringField("commit", report.product().commit());
        json.writeStringField("checkedAt", report.checkedAt().toString());
        json.writeStringField("stage", report.rules().stage().stored());
        json.writeStringField("phoneRegion", report.rules().phoneRegion());
        json.writeBooleanField("safe", report.isSafe());
        json.writeStringField("verdict", report.verdict());
        json.writeObjectFieldStart("facts");
        for (Fact fact : report.facts()) {
            if (fact.number() != null) {
                json.writeNumberField(fact.code(), fact.number());
            } else {
                json.writeStringField(fact.code(), fact.value());
            }
        }
        json.writeEndObject();
        json.writeArrayFieldStart("findings");
        for (Finding finding : report.findings()) {
            finding(finding);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private void finding(Finding finding) throws IOException {
        Fault fault = finding.fault();
        json.writeStartObject();
        json.writeStringField("code", fault.code());
        json.writeStringField("severity", fault.severity().text().replace(' ', '-'));
        json.writeStringField("title", fault.title());
        json.writeNumberField("count", finding.count());
        json.writeNumberField("concernedUsers", finding.users());
        json.writeStringField("meaning", fault.meaning());
        json.writeStringField("toDo", fault.toDo());
        json.writeArrayFieldStart("rows");
        for (Row row : finding.rows()) {
            row(row);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private void row(Row row) throws IOException {
        json.writeStartObject();
        ids("users", row.users());
        ids("sessions", row.sessions());
        String note = row.note();
        if (note != null) {
            json.writeStringField("detail", note);
        }
        json.writeEndObject();
    }

    private void ids(String name, List<Long> ids) throws IOException {
        if (!ids.isEmpty()) {
            json.writeArrayFieldStart(name);
            for (long id : ids) {
                json.writeNumber(id);
            }
            json.writeEndArray();
        }
    }
}
