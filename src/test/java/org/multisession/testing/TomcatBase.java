package org.multisession.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The least that a Tomcat needs in a directory of its own ({@code CATALINA_BASE}). */
final class TomcatBase {
    private static final String SERVER_XML = """
            <Server port="-1">
              <Listener className="org.apache.catalina.core.JreMemoryLeakPreventionListener"/>
              <Listener className="org.apache.catalina.core.ThreadLocalLeakPreventionListener"/>
              <Service name="Catalina">
                <Connector port="0" address="127.0.0.1">
                  <UpgradeProtocol className="org.apache.coyote.http2.Http2Protocol"/>
                </Connector>%s
                <Engine name="Catalina" defaultHost="localhost" backgroundProcessorDelay="1">
                  <Host name="localhost" appBase="webapps" autoDeploy="true"/>
                </Engine>
              </Service>
            </Server>
            """;

    private static final String TLS = """

                <Connector port="0" address="127.0.0.1" SSLEnabled="true" scheme="https" secure="true">
                  <UpgradeProtocol className="org.apache.coyote.http2.Http2Protocol"/>
                  <SSLHostConfig>
                    <Certificate certificateFile="%s" certificateKeyFile="%s" type="EC"/>
                  </SSLHostConfig>
                </Connector>\
            """;

    private static final String LOGGING = """
            handlers = java.util.logging.ConsoleHandler
            .level = INFO
            java.util.logging.ConsoleHandler.level = FINE
            java.util.logging.ConsoleHandler.formatter = org.apache.juli.OneLineFormatter
            java.util.logging.ConsoleHandler.encoding = UTF-8
            """;

    private TomcatBase() {}

    /**
     * Fills an empty directory; {@code detailedLogger} also logs what it would otherwise keep to itself. HTTP/2 is spoken
     * on the plain connector where a client asks for it, and over TLS where there is a certificate.
     */
    static void create(
            Path base, Path home, String detailedLogger, @Nullable TestCertificate certificate, String logging)
            throws IOException {
        for (String directory : List.of("conf", "temp", "webapps", "work")) {
            Files.createDirectory(base.resolve(directory));
        }
        for (String file : List.of("web.xml", "catalina.properties")) {
            Files.copy(home.resolve("conf").resolve(file), base.resolve("conf").resolve(file));
        }
        String tls = certificate == null ? "" : TLS.formatted(certificate.certificate(), certificate.key());
        Files.writeString(base.resolve("conf/server.xml"), SERVER_XML.formatted(tls));
        Files.writeString(
                base.resolve("conf/logging.properties"), LOGGING + detailedLogger + ".level = FINE\n" + logging);
    }
}
