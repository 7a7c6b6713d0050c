package org.multisession.boot;

import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Collections;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deregisters our JDBC drivers. They register with the JVM for good, and a redeploy would otherwise leak the whole
 * class loader.
 */
final class Drivers {

    private static final Logger log = LoggerFactory.getLogger(Drivers.class);

    private Drivers() {}

    static void deregister() {
        // To look for drivers loads our own of a name that Tomcat's lib has too, and that one registers itself.
        DriverManager.getDrivers();
        for (Driver driver : Collections.list(DriverManager.getDrivers())) {
            if (driver.getClass().getClassLoader() == Drivers.class.getClassLoader()) {
                try {
                    DriverManager.deregisterDriver(driver);
                } catch (SQLException e) {
                    log.warn("The driver {} could not be deregistered: {}", driver.getClass(), e.getMessage());
                }
            }
        }
    }
}
