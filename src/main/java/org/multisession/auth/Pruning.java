package org.multisession.auth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.multisession.db.Database;
import org.multisession.db.Transaction;
import org.multisession.otp.CodeTables;
import org.multisession.otp.KnownBrowserDao;
import org.multisession.session.IdleWatch;
import org.multisession.session.LegacyUseDao;

/**
 * Removes what is too old to matter: challenges an hour after they ran out, code requests when no limit counts them any
 * more, browsers that have long used no code, and the audit trail and the uses of legacy tokens after their time. What a
 * clock that was ahead has written counts for nothing and goes as well; but of the trail only what lies before events
 * that go themselves. In small batches, each a transaction of its own, so that a sign-in never waits long behind one.
 * Nothing while the clock is in doubt.
 */
public final class Pruning {

    private static final int BATCH = 500;
    private static final int MAX_BATCHES = 100;

    /** Removes up to so many rows from before, or behind, a moment. */
    @FunctionalInterface
    private interface Delete {
        int some(Transaction transaction, Instant moment, int most);
    }

    private final Database database;
    private final CodeTables codes;
    private final AuthEventDao events;
    private final LegacyUseDao legacyUses;
    private final Duration auditKeep;
    private final IdleWatch watch;
    private final InstantSource clock;

    Pruning(
            Database database,
            CodeTables codes,
            AuthEventDao events,
            LegacyUseDao legacyUses,
            Duration auditKeep,
            IdleWatch watch,
            InstantSource clock) {
        this.database = database;
        this.codes = codes;
        this.events = events;
        this.legacyUses = legacyUses;
        this.auditKeep = auditKeep;
        this.watch = watch;
        this.clock = clock;
    }

    /** Removes what is due. */
    public void run() {
        Instant now = clock.instant();
        if (!watch.believes(now)) {
            return;
        }
        Instant tomorrow = now.plus(Duration.ofDays(1));
        all(codes.challenges()::deleteExpired, now.minus(Duration.ofHours(1)));
        all(codes.challenges()::deleteAhead, tomorrow);
        all(codes.requests()::deleteOld, now.minus(Duration.ofDays(2)));
        all(codes.requests()::deleteAhead, tomorrow);
        all(codes.knownBrowsers()::deleteOld, now.minus(KnownBrowserDao.KEPT));
        all(codes.knownBrowsers()::deleteAhead, tomorrow);
        Instant forgotten = now.minus(auditKeep);
        all((transaction, moment, most) -> events.deleteAhead(transaction, tomorrow, moment, most), forgotten);
        all(events::deleteOld, forgotten);
        all((transaction, moment, most) -> legacyUses.deleteOld(transaction, moment, tomorrow, most), forgotten);
    }

    private void all(Delete delete, Instant moment) {
        int batches = 0;
        int deleted = BATCH;
        while (deleted == BATCH && batches++ < MAX_BATCHES) {
            deleted = database.write(transaction -> delete.some(transaction, moment, BATCH));
        }
    }
}
