package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

class LocalPathTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/x",
                "/x/",
                "/x/y?a=1&b=//z",
                "/x;y=1",
                "/x#y",
                "/x?next=https://other.example",
                "/%2f%2fx",
                "/%5cx",
                "/%09/x",
                "/~x/-_.!*'()",
                "/..",
                "/x/../y",
                "/:80",
                "/@x"
            })
    void a_path_of_this_host_stays_as_it_is(String path) {
        assertThat(LocalPath.orNull(path)).isEqualTo(path);
    }

    @ParameterizedTest
    @NullAndEmptySource
    @ValueSource(
            strings = {
                "x",
                "?x",
                "#x",
                ".",
                " /x",
                "/x ",
                "/x y",
                "//evil",
                "///evil",
                "//evil@x/",
                "/\\evil",
                "\\evil",
                "\\\\evil",
                "/x\\..\\evil",
                "/\t/evil",
                "/\n/evil",
                "/\r/evil",
                "\t//evil",
                "/x\r\nSet-Cookie: a=b",
                "/x\u0000",
                "/x\u001f",
                "/x\u007f",
                "/x\u0080",
                "/x\u0085",
                "/\u2028x",
                "/\u00e9",
                "/\uff0fevil",
                "/..//evil",
                "/.//evil",
                "/x/..//evil",
                "/x//y",
                "https:evil",
                "https:/evil",
                "https://evil",
                "javascript:alert(1)",
                "data:,x",
                "/%",
                "/%zz",
                "/[",
                "/x|y",
                "/<x>",
                "/\"x\""
            })
    void anything_else_is_dropped(String text) {
        assertThat(LocalPath.orNull(text)).isNull();
    }

    @Test
    void a_path_that_is_too_long_is_dropped() {
        assertThat(LocalPath.orNull("/" + "x".repeat(1999))).isNotNull();
        assertThat(LocalPath.orNull("/" + "x".repeat(2000))).isNull();
    }

    @Test
    void whatever_passes_leads_to_this_host() {
        Random random = new Random(20_251_122);
        String letters = "//\\\\..:@?#;%25fe \t\r\nxhtps\u00e9[]";
        int passed = 0;
        for (int i = 0; i < 200_000; i++) {
            StringBuilder text = new StringBuilder(random.nextInt(4) == 0 ? "" : "/");
            for (int length = random.nextInt(12); length > 0; length--) {
                text.append(letters.charAt(random.nextInt(letters.length())));
            }
            String path = LocalPath.orNull(text.toString());
            if (path != null) {
                passed++;
                assertThat(path).isEqualTo(text.toString()).matches("/[!-\\[\\]-~]*");
                URI there = URI.create("https://here.example/login").resolve(path);
                assertThat(there.getScheme()).as(path).isEqualTo("https");
                assertThat(there.getRawAuthority()).as(path).isEqualTo("here.example");
                // Nor would a client that first tidies it up leave.
                assertThat(there.normalize().getRawPath()).as(path).doesNotStartWith("//");
            }
        }
        assertThat(passed).isGreaterThan(1000);
    }
}
