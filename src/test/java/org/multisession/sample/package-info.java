/** What {@code mvn -Prun} needs beside the application: a Tomcat over a database of the old app, and a word on what to try. */
@NullMarked
package org.multisession.sample;

import org.jspecify.annotations.NullMarked;
