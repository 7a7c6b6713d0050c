package org.multisession.web.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.multisession.testing.Answer;

/**
 * An OpenAPI document as the judge of real answers: status, media type, headers and body of each must be described for
 * its operation, to the last member. It remembers what it has seen, so that what it promises and nobody has ever
 * answered can be told.
 */
final class ApiDescription {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

    /** What an answer says to its client beyond its body, and must therefore be described. */
    private static final List<String> TELLING =
            List.of("Set-Cookie", "Retry-After", "Allow", "WWW-Authenticate", "Location");

    /** The document's introduction describes these, or nobody needs to know of them. */
    private static final List<String> OF_EVERY_ANSWER = List.of("X-Content-Type-Options", "X-Request-Id");

    /** A response to this stands at the path, since an operation is of one method. */
    private static final String OTHER_METHODS = "x-other-methods";

    private final JsonNode document;
    private final Set<String> seen = new TreeSet<>();

    ApiDescription(String text) throws JsonProcessingException {
        document = JSON.readTree(text);
        // To clients an unknown member is no error; here, one that nobody described is.
        document.at("/components/schemas").forEach(schema -> {
            if (schema.has("properties")) {
                ((ObjectNode) schema).put("unevaluatedProperties", false);
            }
        });
    }

    /** Everything that the document says may be answered: operation, status, and for problems each code. */
    Set<String> promised() {
        Set<String> promised = new TreeSet<>();
        document.path("paths")
                .forEachEntry((path, members) -> members.forEachEntry((member, described) -> {
                    if (member.equals(OTHER_METHODS)) {
                        addAll(promised, "PATCH " + path + " 405", resolved(described));
                    } else {
                        String operation = member.toUpperCase(Locale.ROOT) + " " + path + " ";
                        described
                                .path("responses")
                                .forEachEntry(
                                        (status, response) -> addAll(promised, operation + status, resolved(response)));
                    }
                }));
        return promised;
    }

    private static void addAll(Set<String> promised, String name, JsonNode response) {
        JsonNode codes = response.at("/content/application~1problem+json/schema/allOf/1/properties/code/enum");
        codes.forEach(code -> promised.add(name + " " + code.textValue()));
        if (codes.isMissingNode()) {
            promised.add(name);
        }
    }

    /** What of that has been answered so far. */
    Set<String> seen() {
        return seen;
    }

    /** Whether the operation needs a signed-in user. */
    boolean isProtected(String method, String path) {
        JsonNode security = operation(method, path).path("security");
        assertThat(security.isArray())
                .as("%s %s says whom it lets in", method, path)
                .isTrue();
        return !security.isEmpty();
    }

    Set<String> paths() {
        Set<String> paths = new TreeSet<>();
        document.path("paths").fieldNames().forEachRemaining(paths::add);
        return paths;
    }

    boolean hasOtherMethods(String path) {
        return document.path("paths").path(path).has(OTHER_METHODS);
    }

    /** Judges the answer of an operation, whose path is given as the document has it. */
    void judge(String method, String path, Answer answer) throws JsonProcessingException {
        String what = method + " " + path + " " + answer.status();
        JsonNode described = answer.status() == 405
                ? document.path("paths").path(path).path(OTHER_METHODS)
                : operation(method, path).path("responses").path(String.valueOf(answer.status()));
        assertThat(described.isMissingNode())
                .as("%s is described; the answer was %s", what, answer)
                .isFalse();
        JsonNode response = resolved(described);
        judgeHeaders(what, response.path("headers"), answer);
        judgeBody(what, response.path("content"), answer);
    }

    private void judgeHeaders(String what, JsonNode headers, Answer answer) {
        headers.forEachEntry((name, described) -> {
            JsonNode header = resolved(described);
            List<String> values = answer.headers(name);
            if (header.path("required").booleanValue()) {
                assertThat(values).as("%s has %s", what, name).isNotEmpty();
            }
            values.forEach(value -> validate(what + " " + name, header.path("schema"), new TextNode(value)));
        });
        for (String name : answer.headers().keySet()) {
            boolean telling = TELLING.stream().anyMatch(name::equalsIgnoreCase)
                    || name.toLowerCase(Locale.ROOT).startsWith("x-");
            if (telling && OF_EVERY_ANSWER.stream().noneMatch(name::equalsIgnoreCase)) {
                assertThat(headers.fieldNames())
                        .toIterable()
                        .as("%s describes the header %s", what, name)
                        .anyMatch(name::equalsIgnoreCase);
            }
        }
    }

    private void judgeBody(String what, JsonNode content, Answer answer) throws JsonProcessingException {
        if (content.isMissingNode()) {
            assertThat(answer.body()).as("body of %s", what).isEmpty();
            seen.add(what);
            return;
        }
        String mediaType = answer.header("Content-Type").orElse("none").replaceFirst(";.*", "");
        assertThat(content.has(mediaType))
                .as("%s describes %s", what, mediaType)
                .isTrue();
        JsonNode body = JSON.readTree(answer.body());
        validate(what + " " + answer.body(), content.path(mediaType).path("schema"), body);
        if (mediaType.equals("application/problem+json")) {
            assertThat(body.path("status").intValue()).as(what).isEqualTo(answer.status());
            seen.add(what + " " + body.path("code").textValue());
        } else {
            seen.add(what);
        }
    }

    private void validate(String what, JsonNode schema, JsonNode value) {
        ObjectNode whole = schema.deepCopy();
        // Its references begin at the root of the document.
        whole.set("components", document.path("components"));
        SchemaValidatorsConfig config =
                SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();
        assertThat(SCHEMAS.getSchema(whole, config).validate(value)).as(what).isEmpty();
    }

    private JsonNode operation(String method, String path) {
        JsonNode operation = document.path("paths").path(path).path(method.toLowerCase(Locale.ROOT));
        assertThat(operation.isMissingNode())
                .as("%s %s is described", method, path)
                .isFalse();
        return operation;
    }

    private JsonNode resolved(JsonNode node) {
        JsonNode target =
                node.has("$ref") ? document.at(node.path("$ref").textValue().substring(1)) : node;
        assertThat(target.isMissingNode()).as("%s leads somewhere", node).isFalse();
        return target;
    }
}
