package org.multisession.db.sqlite;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import org.multisession.db.DatabaseException;

/**
 * What the file system and the header say about a database file.
 *
 * @param size in bytes
 * @param modifiedAt when it was last written
 * @param logSize size of its write-ahead log in bytes; 0 if there is none
 * @param isDatabase whether it begins as every database of SQLite does
 * @param writtenBy the version of SQLite that has written it last, as {@code sqlite3_libversion_number()} counts; 0 for
 *     one before 3.7.0, which leaves no mark
 */
public record FileFacts(long size, Instant modifiedAt, long logSize, boolean isDatabase, int writtenBy) {

    /** Of a database; see "The Database Header" in SQLite's documentation of the file format. */
    private static final byte[] BEGINNING = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);

    private static final int HEADER = 100;
    private static final int CHANGE_COUNTER = 24;
    private static final int VERSION_VALID_FOR = 92;
    private static final int VERSION = 96;

    /**
     * Reads them. To be called before this process opens the database otherwise: to close the file here would drop
     * SQLite's locks on it.
     */
    public static FileFacts of(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(HEADER);
            ByteBuffer header = ByteBuffer.wrap(bytes);
            return new FileFacts(
                    Files.size(file),
                    Files.getLastModifiedTime(file).toInstant(),
                    sizeOfLog(file),
                    Arrays.equals(BEGINNING, Arrays.copyOf(bytes, BEGINNING.length)),
                    header.capacity() < HEADER ? 0 : version(header));
        } catch (IOException e) {
            throw new DatabaseException(file + " could not be read (" + e + ")", e);
        }
    }

    /** Of the write-ahead log in bytes; 0 where there is none, as soon as the last program has closed the database. */
    public static long sizeOfLog(Path file) throws IOException {
        try {
            return Files.size(Path.of(file + "-wal"));
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    /** The version counts only for the change that it was written with. */
    private static int version(ByteBuffer header) {
        return header.getInt(VERSION_VALID_FOR) == header.getInt(CHANGE_COUNTER) ? header.getInt(VERSION) : 0;
    }
}
