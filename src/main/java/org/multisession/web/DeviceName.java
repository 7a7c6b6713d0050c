package org.multisession.web;

import org.jspecify.annotations.Nullable;

/**
 * What people call a device: a program and what it runs on. One of them may be unknown.
 *
 * @param program for example {@code Chrome}
 * @param system for example {@code Windows} or {@code iPhone}
 */
public record DeviceName(@Nullable String program, @Nullable String system) {

    /** Nothing is known. */
    static final DeviceName UNKNOWN = new DeviceName(null, null);

    /** In the language of these messages; null if nothing is known. */
    public @Nullable String in(Messages messages) {
        return program == null ? system : system == null ? program : messages.of("device.on", program, system);
    }
}
