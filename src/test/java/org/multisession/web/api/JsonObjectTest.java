package org.multisession.web.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonObjectTest {

    private final ObjectMapper library = new ObjectMapper();

    private static byte[] bytes(JsonObject object) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        object.writeTo(out);
        assertThat(out.size()).isEqualTo(object.length());
        return out.toByteArray();
    }

    @Test
    void members_are_written_in_their_order_one_object_within_another() throws IOException {
        JsonObject object = new JsonObject()
                .with("id", 42)
                .with("phone", (String) null)
                .begin("session")
                .with("at", Instant.parse("2026-11-01T12:00:00.5Z"))
                .with("ended", (Instant) null)
                .end()
                .begin("empty")
                .end()
                .withJson("list", "[1]".getBytes(UTF_8))
                .with("plan", "free")
                .end();

        assertThat(new String(bytes(object), UTF_8))
                .isEqualTo("{\"id\":42,\"phone\":null,\"session\":{\"at\":\"2026-11-01T12:00:00.500Z\",\"ended\":null},"
                        + "\"empty\":{},\"list\":[1],\"plan\":\"free\"}");
    }

    @Test
    void any_text_is_read_by_the_library_as_it_was() throws IOException {
        Random random = new Random(11);
        for (int i = 0; i < 20_000; i++) {
            String text = random.ints(random.nextInt(60), 0, i % 2 == 0 ? 0x100 : 0x11_0000)
                    .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            long number = random.nextLong();
            JsonObject object =
                    new JsonObject().with("n", number).with("text", text).end();

            ObjectNode expected = library.createObjectNode().put("n", number).put("text", text);
            assertThat(library.readTree(bytes(object))).isEqualTo(expected);
        }
    }

    @Test
    void half_a_character_makes_no_answer_fail() throws IOException {
        JsonObject object = new JsonObject().with("plan", "a\ud800b").end();

        assertThat(library.readTree(bytes(object)).get("plan").textValue()).isEqualTo("a?b");
    }

    @Test
    void times_far_from_ours_are_written_whole() throws IOException {
        for (String time : new String[] {"-1000000000-01-01T00:00:00Z", "+1000000000-12-31T23:59:59.999999Z"}) {
            JsonObject object = new JsonObject().with("at", Instant.parse(time)).end();

            assertThat(library.readTree(bytes(object)).get("at").textValue()).isEqualTo(time);
        }
    }
}
