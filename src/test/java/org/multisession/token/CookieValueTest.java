package org.multisession.token;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CookieValueTest {

    /** What Python's {@code http.cookies} makes of a value, in the first column. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\u0001',
            value = {
                "plain|plain",
                "\"abc=def==\"|abc=def==",
                "\"two words\"|two words",
                "\"a\\054b\\073c\"|a,b;c",
                "\"say \\\"hi\\\"\"|say \"hi\"",
                "\"\\\"quoted\\\"\"|\"quoted\"",
                "\"back\\\\slash\"|back\\slash",
                "\"\\\\073literal\"|\\073literal",
                "\"trail\\\\\"|trail\\",
                "\"caf\\351\"|caf\u00e9",
                "\"\\377\\000x\"|\u00ff\u0000x",
                // No octal number, so the backslash only protects the digit.
                "\"\\400\\18\"|40018",
                "\"\\07\"|07",
                // Not quoted on both sides.
                "\"half|\"half",
                "half\"|half\"",
                "\"|\"",
                "\"\"|",
                "\"\\\"|\\"
            })
    void quoting_of_python_is_undone(String quoted, @Nullable String plain) {
        assertThat(CookieValue.unquoted(quoted)).isEqualTo(plain == null ? "" : plain);
    }

    @Test
    void each_reading_of_a_value_is_tried() {
        assertThat(readings("plain-token.1_2~")).containsExactly("plain-token.1_2~");
        assertThat(readings("\"a\\054b\"")).containsExactly("\"a\\054b\"", "a,b");
        assertThat(readings("dG9r%2BZW4%2Fx%3D")).containsExactly("dG9r%2BZW4%2Fx%3D", "dG9r+ZW4/x=");
        assertThat(readings("two+words%21")).containsExactly("two+words%21", "two+words!", "two words!");
        assertThat(readings("a+b")).containsExactly("a+b", "a b");
        assertThat(readings("\"17%7Crandom\"")).containsExactly("\"17%7Crandom\"", "17%7Crandom", "17|random");
        assertThat(readings("%22quoted%22")).containsExactly("%22quoted%22", "\"quoted\"");
        assertThat(readings("per%sent%20")).as("no percent-encoding").containsExactly("per%sent%20");
        assertThat(readings("50%")).containsExactly("50%");
        assertThat(readings("%2")).containsExactly("%2");
        assertThat(readings("caf%C3%A9")).containsExactly("caf%C3%A9", "caf\u00e9");
        assertThat(readings("caf%E9")).containsExactly("caf%E9", "caf\u00e9");
        assertThat(readings("%E2%82%AC-5")).containsExactly("%E2%82%AC-5", "\u20ac-5");
        assertThat(readings("%252B")).as("decoded once").containsExactly("%252B", "%2B");
        assertThat(readings("")).isEmpty();
        assertThat(readings("\"\"")).containsExactly("\"\"");
        assertThat(readings("a%00b")).as("no database keeps a NUL").containsExactly("a%00b");
        assertThat(readings("a\u0000b")).as("nor is one given to it as it is").isEmpty();
        assertThat(readings("\"\\000x\"")).containsExactly("\"\\000x\"");
    }

    @Test
    void whatever_express_encodes_is_read_back() {
        Random random = new Random(20_251_125);
        for (int i = 0; i < 20_000; i++) {
            StringBuilder token = new StringBuilder();
            for (int length = 1 + random.nextInt(20); length > 0; length--) {
                token.append((char) (random.nextInt(8) == 0 ? 1 + random.nextInt(0x7ff) : 1 + random.nextInt(0x7e)));
            }
            assertThat(readings(encodedByExpress(token.toString()))).contains(token.toString());
        }
    }

    /** {@code encodeURIComponent}. */
    private static String encodedByExpress(String value) {
        StringBuilder encoded = new StringBuilder();
        for (byte b : value.getBytes(UTF_8)) {
            if (String.valueOf((char) (b & 0xff)).matches("[A-Za-z0-9_.!~*'()-]")) {
                encoded.append((char) b);
            } else {
                encoded.append("%%%02X".formatted(b & 0xff));
            }
        }
        return encoded.toString();
    }

    private static List<String> readings(String value) {
        return new CookieValue(value)
                .readings().stream().map(SessionToken::value).toList();
    }

    @Test
    void whatever_python_quotes_is_read_back() {
        Random random = new Random(20_251_123);
        for (int i = 0; i < 20_000; i++) {
            StringBuilder token = new StringBuilder();
            for (int length = 1 + random.nextInt(20); length > 0; length--) {
                token.append((char) random.nextInt(256));
            }
            assertThat(CookieValue.unquoted(quotedByPython(token.toString()))).isEqualTo(token.toString());
        }
    }

    /** {@code http.cookies._quote} of Python 3.11. */
    private static String quotedByPython(String value) {
        if (value.matches("[A-Za-z0-9!#$%&'*+.^_`|~:-]+")) {
            return value;
        }
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (String.valueOf(c).matches("[A-Za-z0-9!#$%&'*+.^_`|~: ()/<=>?@\\[\\]{}-]")) {
                quoted.append(c);
            } else {
                quoted.append("\\%03o".formatted((int) c));
            }
        }
        return quoted.append('"').toString();
    }
}
