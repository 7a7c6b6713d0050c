package org.multisession.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * A primary and a standby: what the primary acknowledges, the standby has as well, on disk. The primary can be killed, and the
 * standby promoted.
 */
public final class PostgresPair implements AutoCloseable {

    private final Path folder;
    private final InstalledPostgres primary;
    private final InstalledPostgres standby;

    private PostgresPair(Path folder, String script) throws IOException {
        this.folder = folder;
        primary = InstalledPostgres.make(folder, "primary");
        primary.query(script);
        standby = primary.standby();
        primary.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
        primary.query("SELECT pg_reload_conf()");
        while (!"sync".equals(primary.query("SELECT max(sync_state) FROM pg_stat_replication"))) {
            Thread.onSpinWait();
        }
    }

    /** Starts both with a database {@code postgres} that is made by a script under {@code legacy/postgres/}. */
    public static PostgresPair with(String script) {
        try {
            return new PostgresPair(InstalledPostgres.newFolder(), SqliteApp.script("postgres/" + script));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The URL that names both. */
    public String url() {
        return "jdbc:postgresql://127.0.0.1:" + primary.port() + ",127.0.0.1:" + standby.port()
                + "/postgres?targetServerType=primary";
    }

    /** The URL of the primary alone. */
    public String urlOfPrimary() {
        return primary.url();
    }

    public int portOfPrimary() {
        return primary.port();
    }

    public int portOfStandby() {
        return standby.port();
    }

    /** From now on the standby keeps what it is told of, and shows what there is now. */
    public void holdStandbyBack() {
        String now = primary.query("SELECT pg_current_wal_lsn()");
        while (!"t".equals(standby.query("SELECT pg_last_wal_replay_lsn() >= '" + now + "'"))) {
            Thread.onSpinWait();
        }
        standby.query("SELECT pg_wal_replay_pause()");
        while (!"paused".equals(standby.query("SELECT pg_get_wal_replay_pause_state()"))) {
            Thread.onSpinWait();
        }
    }

    /** Ends the primary with all its processes, in whatever they are. */
    public void killPrimary() {
        primary.close();
    }

    /** Makes the standby the primary; returns when it is. */
    public void promote() {
        standby.query("SELECT pg_promote()");
    }

    /** One value of the database that was the standby. */
    public String onStandby(String sql) {
        return standby.query(sql);
    }

    @Override
    public void close() {
        primary.close();
        standby.close();
        TempFiles.delete(folder);
    }
}
