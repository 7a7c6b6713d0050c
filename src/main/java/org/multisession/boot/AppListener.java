package org.multisession.boot;

import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.multisession.config.SetupRefusedException;
import org.multisession.db.DatabaseException;
import org.multisession.migration.MigrationRefusedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the application at deploy, which migrates the database, and stops it at undeploy. If it cannot start, the
 * reason is the first error in the log and the deploy fails: Tomcat then serves nothing.
 */
public final class AppListener implements ServletContextListener {

    private static final Logger log = LoggerFactory.getLogger(AppListener.class);

    private @Nullable Application application;

    @Override
    public void contextInitialized(ServletContextEvent event) {
        try {
            application = Application.start(event.getServletContext(), InstantSource.system());
        } catch (SetupRefusedException | MigrationRefusedException | DatabaseException e) {
            String reason = "Multi-Session did not start, and the old app goes on as before: " + e.getMessage() + ".";
            log.error(reason);
            throw new StartRefusedException(reason);
        }
    }

    @Override
    public void contextDestroyed(ServletContextEvent event) {
        try {
            if (application != null) {
                application.close();
            }
        } finally {
            application = null;
            Drivers.deregister();
        }
    }
}
