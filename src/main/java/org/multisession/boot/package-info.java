/**
 * Starts and stops the application in Tomcat: settings, wiring and routes.
 */
@NullMarked
package org.multisession.boot;

import org.jspecify.annotations.NullMarked;
