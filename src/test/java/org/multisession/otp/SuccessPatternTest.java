package org.multisession.otp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SuccessPatternTest {

    private static final String TAKEN_BY_TWILIO = """
            {"account_sid": "AC0123", "error_code": null, "sid": "SM0123", "status": "queued"}""";

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\'',
            value = {
                "2xx~200~''~true",
                "2xx~299~anything~true",
                "2xx~302~''~false",
                "200,202~202~''~true",
                "200,202~201~''~false",
                "2xx | OK*~200~OK - 1 SMS, ID - 1~true",
                "2xx | OK*~200~ERROR = 2 (authorise error)~false",
                "2xx | OK*~500~OK - 1 SMS, ID - 1~false",
                "2xx | OK~200~' OK\n'~true",
                "2xx | OK~200~OKAY~false",
                "2xx | *\"id\":* | not *\"error*~200~{ \"id\" : 7, \"cnt\": 1 }~true",
                "2xx | *\"id\":* | not *\"error*~200~{\"error\": \"no credit\", \"error_code\": 3, \"id\": 7}~false",
                "2xx | *a*b*~200~xaxbx~true",
                "2xx | *a*b*~200~xbxax~false",
                "2xx | a*a~200~a~false",
                "2xx | a*b*c~200~abbc~true",
                "2xx | ab*bc~200~abc~false",
                "2xx | not *~200~''~false",
                "2xx | not *error*~200~''~true",
                "2xx | .*~200~OK~false",
            })
    void tells_success_from_everything_else(String pattern, int status, String body, boolean isSuccess) {
        assertThat(SuccessPattern.parse(pattern).matches(status, body)).isEqualTo(isSuccess);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "OK*",
                "2xx |",
                "2xx | ",
                "2xx | not ",
                "2xx |  | OK",
                "abc",
                "20",
                "2000",
                "200,",
                "1xx",
                "99"
            })
    void that_is_none_is_refused(String pattern) {
        assertThatIllegalArgumentException().isThrownBy(() -> SuccessPattern.parse(pattern));
    }

    @Test
    void that_is_too_long_is_refused() {
        assertThatIllegalArgumentException().isThrownBy(() -> SuccessPattern.parse("2xx | " + "*a".repeat(500)));
    }

    @Test
    void of_many_stars_gives_up_at_once() {
        String hostile = "a".repeat(SuccessPattern.MAX_BYTES);
        assertThat(SuccessPattern.parse("2xx | " + "*a".repeat(200) + "*b*").matches(200, hostile))
                .isFalse();
    }

    @Test
    void of_the_README_fits_what_the_gateways_answer() throws Exception {
        List<SuccessPattern> patterns = Files.readString(Path.of("docs/configuration.md"))
                .lines()
                .filter(line -> line.startsWith("    multisession.sms.http.success="))
                .map(line -> SuccessPattern.parse(line.substring(line.indexOf('=') + 1)))
                .toList();
        assertThat(patterns).hasSize(4);
        assertThat(patterns.get(0).matches(202, "{\"id\": \"m-1\"}")).isTrue();
        assertThat(patterns.get(0).matches(200, "{\"error\": {\"id\": 3}}")).isFalse();
        assertThat(patterns.get(1).matches(201, TAKEN_BY_TWILIO)).isTrue();
        assertThat(patterns.get(1).matches(201, "{\"code\": 21211, \"message\": \"Invalid 'To'\"}"))
                .isFalse();
        assertThat(patterns.get(2).matches(200, "{\n\"id\": 12,\n\"cnt\": 1\n}"))
                .isTrue();
        assertThat(patterns.get(2).matches(200, "{\n\"error\": \"invalid number\",\n\"error_code\": 7,\n\"id\": 12\n}"))
                .isFalse();
        assertThat(patterns.get(3).matches(200, "OK - 1 SMS, ID - 1234")).isTrue();
        assertThat(patterns.get(3).matches(200, "ERROR = 2 (authorise error)")).isFalse();
    }
}
