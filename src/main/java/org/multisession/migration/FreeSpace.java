package org.multisession.migration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much may still be written into a folder. */
@FunctionalInterface
interface FreeSpace {

    FreeSpace SYSTEMS = folder -> Files.getFileStore(folder).getUsableSpace();

    long of(Path folder) throws IOException;
}
