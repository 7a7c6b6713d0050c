package org.multisession.web.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A logo is what its bytes say, and small. */
class LogoTest {

    private static final String SVG = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";

    @TempDir
    private Path folder;

    private Path file(String content) throws IOException {
        return Files.write(folder.resolve("logo.png"), content.getBytes(StandardCharsets.ISO_8859_1));
    }

    static List<Arguments> pictures() {
        return List.of(
                Arguments.of("\u0089PNG\r\n\u001a\n.", "image/png"),
                Arguments.of("\u00ff\u00d8\u00ff\u00e0", "image/jpeg"),
                Arguments.of("RIFF0000WEBPVP8", "image/webp"),
                Arguments.of(SVG, "image/svg+xml"),
                Arguments.of("<?xml version=\"1.0\"?><!-- a drawing -->" + SVG, "image/svg+xml"));
    }

    @ParameterizedTest
    @MethodSource("pictures")
    void its_type_is_told_by_its_bytes_and_not_by_its_name(String content, String type) throws IOException {
        assertThat(Logo.read(file(content)).type()).isEqualTo(type);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "GIF89a",
                "RIFF0000WAVE",
                "<svg/>",
                "<svg xmlns=\"http://www.w3.org/2000/svg\">",
                "<html xmlns=\"http://www.w3.org/1999/xhtml\"><svg xmlns=\"http://www.w3.org/2000/svg\"/></html>",
                "<!DOCTYPE svg [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><svg xmlns=\"http://www.w3.org/2000/svg\">"
                        + "&x;</svg>"
            })
    void anything_else_is_refused(String content) throws IOException {
        Path file = file(content);
        assertThatThrownBy(() -> Logo.read(file)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void the_largest_that_is_taken_has_100_kib() throws IOException {
        String most = SVG + " ".repeat(Logo.MAX_BYTES - SVG.length());
        assertThat(Logo.read(file(most)).bytes()).hasSize(Logo.MAX_BYTES);
        Path larger = file(most + " ");
        assertThatThrownBy(() -> Logo.read(larger)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void its_tag_changes_with_it() throws IOException {
        String tag = Logo.read(file(SVG)).tag();
        assertThat(Logo.read(file(SVG)).tag()).isEqualTo(tag);
        assertThat(Logo.read(file(SVG + " ")).tag()).isNotEqualTo(tag);
    }
}
