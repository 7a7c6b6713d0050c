/**
 * The same WAR from a shell: {@code java -jar multi-session.war COMMAND}. {@code Main} holds the table of commands.
 */
@NullMarked
package org.multisession.cli;

import org.jspecify.annotations.NullMarked;
