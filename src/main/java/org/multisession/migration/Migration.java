package org.multisession.migration;

import java.util.List;

/** Brings one kind of database to many sessions per user. */
public interface Migration {

    /**
     * Looks at the database, refuses what can be refused, and makes nothing.
     *
     * @throws MigrationRefusedException if the database is not one that can be migrated
     * @throws org.multisession.db.DatabaseException if the database failed
     */
    Migrator.Move begin();

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
