package org.multisession.migration;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Brings one kind of database to many sessions per user. */
public interface Migration {

    /**
     * What a migrated database has, for those who work on it.
     *
     * @param userColumns the columns of {@code users}, in lower case
     * @param made what this run made, by name; empty if all was there
     * @param backup where the database lies as it was before; null if there is no such copy
     * @param longest what has held others up longest
     */
    record Outcome(
            Set<String> userColumns,
            List<String> made,
            @Nullable Path backup,
            Held longest) {

        public Outcome(Set<String> userColumns, List<String> made) {
            this(userColumns, made, null, Held.NOTHING);
        }

        Outcome after(Backup.@Nullable Copy copy, Held held) {
            return copy == null
                    ? new Outcome(userColumns, made, null, held)
                    : new Outcome(userColumns, made, copy.path(), copy.held().orLonger(held));
        }
    }

    /**
     * A migration that has been looked at and not been refused.
     *
     * @param userColumns the columns of {@code users} afterwards, in lower case; empty in a new database until then
     * @param isShort whether nobody has to wait for the rest of it
     */
    record Move(Set<String> userColumns, boolean isShort, Supplier<Outcome> rest) {

        /**
         * Does what is left to do.
         *
         * @throws MigrationRefusedException if something stands in the way that could not be seen before
         * @throws org.multisession.db.DatabaseException if the database failed
         */
        public Outcome finish() {
            return rest.get();
        }
    }

    /**
     * Looks at the database, refuses what can be refused, and makes nothing.
     *
     * @throws MigrationRefusedException if the database is not one that can be migrated
     * @throws org.multisession.db.DatabaseException if the database failed
     */
    Move begin();

    /** Names of what a migrated database should have and this one lacks, by its catalogue alone: cheap. */
    List<String> missing();

    /**
     * The columns of {@code users} beyond those we know that a new row must fill, so that we could not add a user; none
     * in a new database.
     *
     * @throws MigrationRefusedException if the database is not one that can be migrated
     */
    List<String> unknownColumnsToFill();
}
