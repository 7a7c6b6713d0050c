package org.multisession.migration;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Makes no copy, and refuses all the same where the disk has no room for the migration itself. */
public final class NoBackup implements Backup {

    private final Path file;
    private final FreeSpace freeSpace;

    public NoBackup(Path file) {
        this(file, FreeSpace.SYSTEMS);
    }

    NoBackup(Path file, FreeSpace freeSpace) {
        this.file = file;
        this.freeSpace = freeSpace;
    }

    @Override
    public @Nullable Copy make() {
        return null;
    }

    @Override
    public void requireRoom(long growth) {
        try {
            Path folder = Objects.requireNonNull(file.toRealPath().getParent());
            long free = freeSpace.of(folder);
            if (free < growth) {
                throw new MigrationRefusedException(folder + " has " + Bytes.inWords(free)
                        + " of free space, and the migration needs " + Bytes.inWords(growth) + ". Make room there");
            }
        } catch (IOException e) {
            throw new MigrationRefusedException("it could not be found out how much space there is: " + e);
        }
    }
}
