/**
 * What {@code java -jar} finds at the root of the WAR. It depends on nothing but the JDK.
 */
@NullMarked
package org.multisession.launcher;

import org.jspecify.annotations.NullMarked;
