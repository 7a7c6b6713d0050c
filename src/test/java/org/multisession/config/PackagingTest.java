package org.multisession.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** What is in {@code packaging/} fits this version. */
class PackagingTest {

    @Test
    void the_sample_context_names_only_settings_that_there_are() throws Exception {
        Document context = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(Path.of("packaging/context.xml").toFile());
        NodeList parameters = context.getElementsByTagName("Parameter");
        List<String> names = new ArrayList<>();
        for (int i = 0; i < parameters.getLength(); i++) {
            Element parameter = (Element) parameters.item(i);
            names.add(parameter.getAttribute("name"));
            assertThat(parameter.getAttribute("override")).isEqualTo("false");
        }
        assertThat(names).contains("multisession.db.url");
        assertThat(Settings.keys()).containsAll(names);
    }

    @Test
    void the_drop_in_is_the_one_of_the_documents() throws Exception {
        String dropIn = Files.readString(Path.of("packaging/multi-session.conf"));
        assertThat(dropIn.lines().filter(line -> !line.startsWith("#")).toList())
                .allMatch(Files.readString(Path.of("docs/files.md")).lines().toList()::contains);
    }
}
