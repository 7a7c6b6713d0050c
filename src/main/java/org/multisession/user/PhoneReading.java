package org.multisession.user;

import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the telephone numbers that came into {@code users}, some at a time: no SQL can, so triggers only note the text.
 * Until a row was read, a look-up finds it by its last digits and reads it itself; afterwards by one probe of an index,
 * however many rows somebody else has written that only look like it.
 */
public final class PhoneReading {

    private static final int BATCH = 1000;

    private static final Logger log = LoggerFactory.getLogger(PhoneReading.class);

    private final Database database;
    private final PhoneNumbers phoneNumbers;
    private final InstantSource clock;
    private final PhoneDao dao = new PhoneDao();

    public PhoneReading(Database database, PhoneNumbers phoneNumbers, InstantSource clock) {
        this.database = database;
        this.phoneNumbers = phoneNumbers;
        this.clock = clock;
    }

    /**
     * Makes every row unread again that was read by other rules, those of another region or version. What it was read as
     * is kept meanwhile. To be called before the first look-up; what is stopped half-way begins anew the next time.
     */
    public void begin() {
        String rules = phoneNumbers.rules();
        String before =
                database.read(handle -> Optional.ofNullable(dao.readBy(handle))).orElse(null);
        if (rules.equals(before)) {
            return;
        }
        // At the first start after a migration none is, and a million rows need not be gone through to find that out.
        Long last = database.<Boolean>read(dao::hasReadings) ? Long.valueOf(Long.MIN_VALUE) : null;
        while (last != null) {
            last = forgetSome(last);
        }
        database.write(transaction -> {
            dao.setReadBy(transaction, rules, clock.instant());
            return true;
        });
        if (before != null) {
            log.info("Telephone numbers are read anew, by other rules than before: {}", rules);
        }
    }

    private @Nullable Long forgetSome(long after) {
        return database.write(transaction -> Optional.ofNullable(dao.forgetReadings(transaction, after, BATCH)))
                .orElse(null);
    }

    /** Reads what is unread, as long as it may go on after each piece of work; returns how many rows it was. */
    public int run(BooleanSupplier goesOn) {
        int read = 0;
        int batch;
        do {
            batch = some();
            read += batch;
        } while (batch == BATCH && goesOn.getAsBoolean());
        return read;
    }

    private int some() {
        // Looked for and read without the write lock; mostly there is nothing.
        List<PhoneDao.Phone> unread = database.read(handle -> dao.unread(handle, BATCH));
        if (unread.isEmpty()) {
            return 0;
        }
        List<@Nullable PhoneNumber> numbers =
                unread.stream().map(phone -> phoneNumbers.read(phone.text())).toList();
        return database.write(transaction -> {
            for (int i = 0; i < unread.size(); i++) {
                PhoneNumber number = numbers.get(i);
                dao.keep(transaction, unread.get(i), number == null ? null : number.key(), phoneNumbers.rules());
            }
            return unread.size();
        });
    }
}
