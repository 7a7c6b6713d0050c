package org.multisession.auth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.session.DeviceDao;
import org.multisession.session.IdleWatch;
import org.multisession.token.StoredToken;

/**
 * Forgets the devices of sessions that have ended: at once if somebody else ended them, and after the time of the audit
 * trail if the sign-in page may still say from where that was done. The ended token itself is for {@link Forgetting}.
 * Walks through all tokens a stretch at a time; pages are read without a lock. Not for use by several threads.
 */
public final class DeviceSweep {

    private static final int PAGE = 500;
    private static final int MAX_PAGES = 40;

    private final Database database;
    private final DeviceDao devices;
    private final Duration keep;
    private final IdleWatch watch;
    private final InstantSource clock;

    /** The token behind which the next stretch begins; null for the beginning. */
    private @Nullable StoredToken last;

    DeviceSweep(Database database, DeviceDao devices, Duration keep, IdleWatch watch, InstantSource clock) {
        this.database = database;
        this.devices = devices;
        this.keep = keep;
        this.watch = watch;
        this.clock = clock;
    }

    /** Sweeps the next stretch. */
    public void run() {
        Instant now = clock.instant();
        if (!watch.believes(now)) {
            return;
        }
        for (int pages = 0; pages < MAX_PAGES; pages++) {
            StoredToken from = last;
            DeviceDao.EndedPage page = database.read(handle -> devices.ended(handle, from, now.minus(keep), PAGE));
            if (!page.due().isEmpty()) {
                database.execute(transaction -> page.due().forEach(hash -> devices.forget(transaction, hash)));
            }
            last = page.last();
            if (last == null) {
                return;
            }
        }
    }
}
