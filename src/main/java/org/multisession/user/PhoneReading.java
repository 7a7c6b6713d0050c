package org.multisession.user;

import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the phone numbers in {@code users}, some at a time. No SQL can, so triggers only note the text. Until a row has
 * been read, a look-up finds it by its last digits and reads it itself; afterwards one probe of an index finds it,
 * however many rows somebody else has written that only look like it.
 */
public final class PhoneReading {

    private static final int BATCH = 1000;

    /** Of numbers that are read anew few are written. */
    private static final int PAGE = 2000;

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
     * Tells the database by which rules numbers are read from now on. Where it was by others, those of another region or
     * version, all are read anew, which {@link #run} does: what they were read as counts meanwhile, and a look-up reads
     * by itself those that are left. To be called before the first look-up.
     */
    public void begin() {
        String rules = phoneNumbers.rules();
        ReadSoFar before = readSoFar();
        if (before != null && before.rules().equals(rules)) {
            return;
        }
        boolean isFirst = before == null && !database.<Boolean>read(dao::hasReadings);
        ReadSoFar far = isFirst ? ReadSoFar.everything(rules) : ReadSoFar.nothing(rules);
        database.execute(transaction -> dao.setReadSoFar(transaction, far, clock.instant()));
        if (!isFirst) {
            log.info("Telephone numbers are read anew behind the requests, by other rules than before: {}", rules);
        }
    }

    private @Nullable ReadSoFar readSoFar() {
        return database.read(handle -> Optional.ofNullable(dao.readSoFar(handle)))
                .orElse(null);
    }

    /** Reads what is to be read, as long as it may go on after each piece of work; returns how many rows it was. */
    public int run(BooleanSupplier goesOn) {
        int read = 0;
        boolean isMore;
        do {
            int unread = unread();
            // Unread ones first: each look-up reads some of them.
            int before = unread < BATCH ? readBefore() : 0;
            read += unread + before;
            isMore = unread == BATCH || before == PAGE;
        } while (isMore && goesOn.getAsBoolean());
        return read;
    }

    /** Some rows that nobody has read yet. */
    private int unread() {
        // Looked for and read without the write lock; mostly there is nothing.
        List<PhoneDao.Phone> unread = database.read(handle -> dao.unread(handle, BATCH));
        if (unread.isEmpty()) {
            return 0;
        }
        List<@Nullable String> numbers = unread.stream().map(this::number).toList();
        return database.write(transaction -> {
            ReadSoFar far = dao.readSoFar(transaction);
            if (far == null || !far.rules().equals(phoneNumbers.rules())) {
                // Another node goes by newer rules: what these make of a text it would take for its own.
                return 0;
            }
            for (int i = 0; i < unread.size(); i++) {
                dao.keep(transaction, unread.get(i), numbers.get(i), far.rules());
            }
            return unread.size();
        });
    }

    /** Some rows that other rules have read. Most of them mean the same number by these, and are not written. */
    private int readBefore() {
        ReadSoFar far = readSoFar();
        if (far == null || far.upTo() == null || !far.rules().equals(phoneNumbers.rules())) {
            return 0;
        }
        long after = far.upTo();
        List<PhoneDao.Reading> page = database.read(handle -> dao.readBefore(handle, after, PAGE));
        Map<PhoneDao.Phone, @Nullable String> changed = new LinkedHashMap<>();
        for (PhoneDao.Reading reading : page) {
            String number = number(reading.phone());
            if (!Objects.equals(number, reading.number())) {
                changed.put(reading.phone(), number);
            }
        }
        ReadSoFar next = page.size() < PAGE
                ? ReadSoFar.everything(far.rules())
                : new ReadSoFar(far.rules(), page.get(PAGE - 1).phone().userId());
        boolean isWritten = database.write(transaction -> {
            if (!far.equals(dao.readSoFar(transaction))) {
                // Another node has done it, or goes by newer rules.
                return false;
            }
            changed.forEach((phone, number) -> dao.keep(transaction, phone, number, far.rules()));
            dao.setReadSoFar(transaction, next, clock.instant());
            return true;
        });
        if (isWritten && next.upTo() == null) {
            log.info("All telephone numbers are read by these rules now: {}", far.rules());
        }
        return page.size();
    }

    private @Nullable String number(PhoneDao.Phone phone) {
        PhoneNumber number = phoneNumbers.read(phone.text());
        return number == null ? null : number.key();
    }
}
