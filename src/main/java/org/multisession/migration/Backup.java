package org.multisession.migration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.multisession.db.DatabaseException;
import org.multisession.db.FailureKind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes a copy of the whole database before the first change to it. */
@FunctionalInterface
public interface Backup {

    Backup NONE = () -> null;

    /**
     * A verified copy, or null where none is wanted.
     *
     * @throws MigrationRefusedException if it could not be made; nothing is left of it
     * @throws org.multisession.db.StorageException if only the disk stood in the way; nothing is left of it either
     */
    @Nullable
    Copy make();

    /**
     * Refuses where the disk has no room for a copy, where one is wanted, and for so many bytes more.
     *
     * @throws MigrationRefusedException if there is too little
     */
    default void requireRoom(long growth) {}

    /**
     * A backup that is there, complete and verified.
     *
     * @param held how long others had to wait for it
     */
    record Copy(Path path, Held held) {

        private static final Logger log = LoggerFactory.getLogger(Copy.class);

        /**
         * Removes it after a failure that has left the database as it was. After one of the disk it is kept: it may be
         * the better copy now.
         */
        void discardUnlessDamaged(RuntimeException failure) {
            if (failure instanceof DatabaseException e
                    && (e.kind() == FailureKind.DISK || e.kind() == FailureKind.DAMAGE)) {
                log.warn("Backup: kept as {}, because the disk could not be trusted", path);
            } else {
                discard();
            }
        }

        /** Removes it, because nothing was changed after it. */
        void discard() {
            try {
                Files.deleteIfExists(path);
                log.info("Backup: removed again, since nothing was changed");
            } catch (IOException e) {
                log.warn(
                        "Backup: {} could not be removed ({}); it is not needed, since nothing was changed",
                        path,
                        e.toString());
            }
        }
    }
}
