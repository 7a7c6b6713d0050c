package org.multisession.testing;

import java.net.URI;

/** How a browser reaches Tomcat; for test classes that run over each, on a server with a certificate. */
public enum Connector {
    HTTP_1_1("http/1.1"),
    HTTP_2_OVER_TLS("h2");

    private final String protocol;

    Connector(String protocol) {
        this.protocol = protocol;
    }

    /** The protocol as a browser names it. */
    public String protocol() {
        return protocol;
    }

    /** The address of a path. */
    public URI uri(TomcatServer tomcat, String path) {
        return this == HTTP_1_1 ? tomcat.uri(path) : tomcat.uriOverTls(path);
    }

    /** The same under the name of another host. */
    public URI uri(TomcatServer tomcat, String host, String path) {
        URI here = uri(tomcat, path);
        return URI.create(here.getScheme() + "://" + host + ":" + here.getPort() + path);
    }
}
