package org.multisession.boot;

import jakarta.servlet.ServletContext;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads every class of this application at the start. A class that is first needed while the process can open no more
 * files cannot be loaded, and stays missing afterwards: the JVM and Tomcat's class loader both remember that it was not
 * there.
 */
final class OwnClasses {

    private static final Logger log = LoggerFactory.getLogger(OwnClasses.class);

    private static final String ROOT = "/WEB-INF/classes/";
    private static final String SUFFIX = ".class";

    private OwnClasses() {}

    /** Loads them, the pages among them, and initializes none. */
    static void load(ServletContext context) {
        load(context, ROOT);
    }

    private static void load(ServletContext context, String folder) {
        Set<String> paths = context.getResourcePaths(folder);
        if (paths == null) {
            return;
        }
        for (String path : paths) {
            if (path.endsWith("/")) {
                load(context, path);
            } else if (path.endsWith(SUFFIX)) {
                loadClass(path.substring(ROOT.length(), path.length() - SUFFIX.length())
                        .replace('/', '.'));
            }
        }
    }

    private static void loadClass(String name) {
        try {
            var unused = Class.forName(name, false, OwnClasses.class.getClassLoader());
        } catch (ClassNotFoundException | LinkageError e) {
            // Such as those for a kind of pool that this Tomcat does not have.
            log.debug("{} is not loaded: {}", name, e.toString());
        }
    }
}
