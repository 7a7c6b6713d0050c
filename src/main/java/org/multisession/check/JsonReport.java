package org.multisession.check;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A report for programs. Codes and members stay as they are between versions; more may be added. */
final class JsonReport {

    private static final ObjectMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private JsonReport() {}

    static String write(Report report) {
        Map<String, Object> facts = new LinkedHashMap<>();
        report.facts().forEach(fact -> facts.put(fact.code(), fact.number() != null ? fact.number() : fact.value()));
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("file", report.file().toString());
        json.put("checkedAt", report.checkedAt().toString());
        json.put("stage", report.rules().stage());
        json.put("phoneRegion", report.rules().phoneRegion());
        json.put("safe", report.isSafe());
        json.put("facts", facts);
        json.put("findings", report.findings().stream().map(JsonReport::finding).toList());
        try {
            return MAPPER.writeValueAsString(json) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a report is only texts and numbers", e);
        }
    }

    private static Map<String, Object> finding(Finding finding) {
        Fault fault = finding.fault();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("code", fault.code());
        json.put("severity", fault.severity().text().replace(' ', '-'));
        json.put("title", fault.title());
        json.put("count", finding.count());
        json.put("rows", finding.rows().stream().map(JsonReport::row).toList());
        json.put("meaning", fault.meaning());
        json.put("toDo", fault.toDo());
        return json;
    }

    private static Map<String, Object> row(Row row) {
        Map<String, Object> json = new LinkedHashMap<>();
        put(json, "users", row.users());
        put(json, "sessions", row.sessions());
        if (row.detail() != null) {
            json.put("detail", row.detail());
        }
        return json;
    }

    private static void put(Map<String, Object> json, String name, List<Long> ids) {
        if (!ids.isEmpty()) {
            json.put(name, ids);
        }
    }
}
