/**
 * Starts and stops the application in Tomcat: the settings, the wiring, the routes.
 */
@NullMarked
package org.multisession.boot;

import org.jspecify.annotations.NullMarked;
