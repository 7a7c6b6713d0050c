package org.multisession.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.Source;
import org.multisession.db.postgres.PostgresServer;
import org.multisession.migration.Migration;
import org.multisession.migration.Migrator;
import org.multisession.migration.postgres.PostgresMigrator;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.testing.OldApp;

/** Whose number it is: whatever stands in the row, whoever wrote other rows, read already or not; on every database. */
abstract class PhoneLookupContract {

    /** An empty database of the old app whose numbers have this type; a user has an email of their own beside it. */
    abstract OldApp old(String phoneType);

    final OldApp old() {
        return old("TEXT");
    }

    /** Our side of a database of the old app, deployed with a region. */
    static final class App implements AutoCloseable {

        final Database database;
        final PhoneReading reading;
        private final Source source;
        private final PhoneNumbers numbers;
        private final UserDao users;
        private final Migration migration;

        App(OldApp old, String region) {
            source = old.claim();
            database = Database.open(source, 2, Duration.ofSeconds(5));
            migration = source instanceof PostgresServer
                    ? new PostgresMigrator(database, Instant::now)
                    : new Migrator(database, Instant::now);
            migrate();
            numbers = new PhoneNumbers(region);
            reading = new PhoneReading(database, numbers, Instant::now);
            reading.begin();
            UserColumns columns = UserColumns.of(Set.of("id", "phone", "auth_token"));
            database.learn(columns.words());
            users = new UserDao(columns, numbers);
        }

        /** Gives the names of what was missing. */
        List<String> migrate() {
            return migration.begin().finish().made();
        }

        PhoneNumber typed(String text) {
            return Objects.requireNonNull(numbers.read(text), text);
        }

        List<Long> find(String typed) {
            return database.read(handle -> users.findByPhone(handle, typed(typed))).stream()
                    .map(User::id)
                    .toList();
        }

        boolean hasTextLike(String typed) {
            return database.<Boolean>read(handle -> users.hasTextLike(handle, typed(typed)));
        }

        /** Before the rows were read, and after. */
        void eitherWay(Consumer<String> look) {
            look.accept("unread");
            reading.run(() -> true);
            look.accept("read");
        }

        @Override
        public void close() {
            database.close();
            source.close();
        }
    }

    @ParameterizedTest(name = "{1} in {0}, typed as {2}")
    @CsvSource({
        "IR, ۰۹۱۲۳۴۵۶۷۸۹, 0912 345 6789",
        "IR, +98912\u200b3456780, 09123456780",
        "IR, +98 912 345 67\u200f81, +989123456781",
        "SA, ٠٥٠١٢٣٤٥٦٧, 0501234567",
        "RU, ＋７９９９１２３４５６７, 8 999 123-45-67",
        "RU, 7999𝟙𝟚𝟛4567, +79991234567",
        "RU, \u2066+7 999 123-45-67\u2069, +79991234567",
        "RU, \u2067+7 999 123-45-67\u2069, +79991234567",
        "RU, \u2068+7 999 123-45-67\u2069, +79991234567",
        "RU, 8 999 123\u201045\u201067, +79991234567",
        "RU, 8\u2007999\u2007123\u200745\u200767, +79991234567",
        "RU, 8 999 123-45-67\u00ad, +79991234567",
        "RU, +7 (999) 123-45-67 доб. 5, +79991234567",
        "RU, +7 999 123-45-67 ext 12, +79991234567",
        "RU, tel:+7-999-123-45-67;ext=5, +79991234567",
        "RU, 8.999.123.45.67, +79991234567",
        "DE, 4915123456789, 0151 23456789",
        "MX, +5215512345678, +5215512345678",
        "MX, +52 1 55 1234 5678, +5215512345678",
        "BJ, 97123456, 97123456",
        "BJ, +22997123456, +229 97 12 34 56",
        "CI, +22507123456, +22507123456",
        "UA, 80671234567, 80671234567",
        "AR, 02901 15 412345, +5492901412345",
        "RU, anna, anna",
        "RU, ۱۲۳, ۱۲۳"
    })
    void the_owner_is_found_by_the_number_and_by_exactly_what_stands_in_the_row(
            String region, String stored, String typed) {
        try (OldApp old = old()) {
            old.run("INSERT INTO users (id, phone) VALUES (6, '+79990000000'), (7, ?)", stored);
            try (App app = new App(old, region)) {
                app.eitherWay(when -> {
                    assertThat(app.find(typed)).as(when).containsExactly(7L);
                    assertThat(app.find(stored)).as(when).containsExactly(7L);
                });
                old.run("INSERT INTO users (id, phone) VALUES (8, ?)", stored);
                app.eitherWay(when -> assertThat(app.find(typed)).as(when).containsExactly(7L, 8L));
            }
        }
    }

    @Test
    void what_the_old_app_writes_is_followed_and_never_stands_in_its_way() {
        try (OldApp old = old();
                App app = new App(old, "RU")) {
            old.run("INSERT INTO users (id, phone, email) VALUES (1, '+79990000001', 'a'), (2, '+79990000002', 'b')");
            app.eitherWay(when -> assertThat(app.find("+79990000001")).as(when).containsExactly(1L));

            old.run("UPDATE users SET phone = '+79990000003' WHERE id = 1");
            app.eitherWay(when -> {
                assertThat(app.find("+79990000001")).as(when).isEmpty();
                assertThat(app.find("+79990000003")).as(when).containsExactly(1L);
            });

            old.run("UPDATE users SET id = id + 100 WHERE id = 2");
            app.eitherWay(when -> assertThat(app.find("+79990000002")).as(when).containsExactly(102L));

            old.run("UPDATE users SET phone = NULL WHERE id = 102");
            app.eitherWay(when -> assertThat(app.find("+79990000002")).as(when).isEmpty());

            old.deleteUser(1);
            app.eitherWay(when -> assertThat(app.find("+79990000003")).as(when).isEmpty());
            assertThat(old.all("SELECT user_id FROM multisession_phones ORDER BY 1"))
                    .containsExactly("102");
        }
    }

    @Test
    void what_the_migration_notes_is_what_the_triggers_note() {
        Random random = new Random(46);
        String signs = "0123456789+-() ./\u00a0\u2011\u2013\u202a\u200fx۱";
        try (OldApp old = old()) {
            old.run("BEGIN");
            for (int id = 1; id <= 500; id++) {
                StringBuilder phone = new StringBuilder();
                for (int i = random.nextInt(id < 480 ? 20 : 200); i > 0; i--) {
                    phone.append(signs.charAt(random.nextInt(signs.length())));
                }
                old.run("INSERT INTO users (id, phone) VALUES (?, ?)", id, id % 50 == 0 ? null : phone.toString());
            }
            old.run("COMMIT");
            try (App app = new App(old, "RU")) {
                String noted = old.rows("multisession_phones");
                old.run("UPDATE users SET phone = phone || 'x' WHERE phone IS NOT NULL");
                old.run("UPDATE users SET phone = substr(phone, 1, length(phone) - 1) WHERE phone IS NOT NULL");
                assertThat(old.rows("multisession_phones")).isEqualTo(noted);
                app.reading.run(() -> true);
                assertThat(old.one(
                                "SELECT count(*) FROM multisession_phones WHERE read_by IS NULL AND phone IS NOT NULL"))
                        .isEqualTo("0");
            }
        }
    }

    @Test
    void thousands_of_rows_that_look_like_somebodys_number_cost_the_owner_nothing() {
        try (OldApp old = old();
                App app = new App(old, "RU")) {
            old.run("INSERT INTO users (id, phone) VALUES (7, '8 (999) 123-45-67')");
            old.run("""
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
                    INSERT INTO users (id, phone) SELECT 10 + i, (i + 1000) || '1234567' FROM n
                    """);
            app.eitherWay(when -> assertThat(app.find("+79991234567")).as(when).containsExactly(7L));
            List<Long> unread = app.database.read(handle ->
                    new PhoneDao().unreadOf(handle, app.typed("+79991234567"), app.numbers.rules(), text -> true, 10));
            assertThat(unread).isEmpty();
        }
    }

    @Test
    void however_many_odd_rows_are_unread_the_owner_is_found_and_nobody_is_unknown() {
        try (OldApp old = old();
                App app = new App(old, "RU")) {
            old.run("""
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7000)
                    INSERT INTO users (id, phone) SELECT i, '۷۹۹۹' || (1000000 + i) || ' доб. 5' FROM n
                    """);
            old.run("INSERT INTO users (id, phone) VALUES (8000, 'тел. 8 999 100-00-06')");
            app.eitherWay(when -> {
                assertThat(app.find("+79991000005")).as(when).containsExactly(5L);
                assertThat(app.find("+79991000006")).as(when).containsExactly(6L, 8000L);
                assertThat(app.find("+79992000005")).as(when).isEmpty();
            });
        }
    }

    @Test
    void rows_that_are_read_anew_by_other_rules_are_found_meanwhile() {
        try (OldApp old = old()) {
            old.run("""
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7000)
                    INSERT INTO users (id, phone) SELECT i, '۷۹۹۹' || (1000000 + i) || ' доб. 5' FROM n
                    """);
            try (App app = new App(old, "RU")) {
                app.reading.run(() -> true);
            }
            old.run("UPDATE multisession_state SET value = 'RU 1, libphonenumber 8.0.0' WHERE name = 'phones-read-by'");
            try (App app = new App(old, "RU")) {
                assertThat(old.one("SELECT number FROM multisession_phones WHERE user_id = 5"))
                        .as("what it was read as before")
                        .isEqualTo("+79991000005");
                app.eitherWay(when -> {
                    assertThat(app.find("+79991000005")).as(when).containsExactly(5L);
                    assertThat(app.find("+79992000005")).as(when).isEmpty();
                });
                old.run("UPDATE users SET phone = '+79990000000' WHERE id = 5");
                app.eitherWay(
                        when -> assertThat(app.find("+79991000005")).as(when).isEmpty());
            }
        }
    }

    @Test
    void reading_anew_goes_on_where_it_was_killed_and_everybody_is_found_all_the_while() {
        try (OldApp old = old()) {
            // No number in Russia, and one in Germany.
            old.run("""
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                    INSERT INTO users (id, phone) SELECT 10 * i, '0151 2345' || (1000 + i) FROM n
                    """);
            try (App app = new App(old, "RU")) {
                app.reading.run(() -> true);
                assertThat(app.find("+4915123451001")).isEmpty();
            }
            try (App app = new App(old, "DE")) {
                germansAreFound(app);
                assertThat(app.reading.run(() -> false)).isEqualTo(2000);
                germansAreFound(app);
            }
            String half = readBy(old);
            assertThat(half).endsWith(" up to 20000");
            try (App app = new App(old, "DE")) {
                assertThat(readBy(old)).isEqualTo(half);
                germansAreFound(app);
                old.run("INSERT INTO users (id, phone) VALUES (1, '0151 23459999'), (99999, '0151 23459998')");
                assertThat(app.reading.run(() -> true))
                        .as("what was done is not done again")
                        .isLessThan(4000);
                germansAreFound(app);
                assertThat(app.find("+4915123459999")).containsExactly(1L);
                assertThat(app.find("+4915123459998")).containsExactly(99999L);
                assertThat(readBy(old)).isEqualTo(app.numbers.rules());
                assertThat(old.one("SELECT count(*) FROM multisession_phones WHERE number LIKE '+491512345%'"))
                        .isEqualTo("5002");
                assertThat(app.reading.run(() -> true)).isZero();
            }
        }
    }

    private static void germansAreFound(App app) {
        for (int i : new int[] {1, 1999, 2000, 2001, 5000}) {
            assertThat(app.find("+49151 2345" + (1000 + i))).containsExactly(10L * i);
            assertThat(app.find("0151 2345" + (1000 + i))).containsExactly(10L * i);
        }
        assertThat(app.find("+4915123450999")).isEmpty();
    }

    private static String readBy(OldApp old) {
        return old.one("SELECT value FROM multisession_state WHERE name = 'phones-read-by'");
    }

    @Test
    void whoever_goes_back_to_the_former_rules_half_way_finds_everybody_by_them() {
        try (OldApp old = old()) {
            old.run("""
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
                    INSERT INTO users (id, phone) SELECT i, '8 999 100' || (1000 + i) FROM n
                    """);
            try (App app = new App(old, "RU")) {
                app.reading.run(() -> true);
            }
            try (App app = new App(old, "DE")) {
                app.reading.run(() -> false);
                assertThat(old.one("SELECT number FROM multisession_phones WHERE user_id = 7"))
                        .isNotEqualTo("+79991001007");
            }
            try (App app = new App(old, "RU")) {
                app.eitherWay(when -> {
                    assertThat(app.find("+79991001007")).as(when).containsExactly(7L);
                    assertThat(app.find("+79991003500")).as(when).containsExactly(2500L);
                });
            }
        }
    }

    @Test
    void a_node_that_goes_by_former_rules_leaves_the_reading_to_the_newer_one_and_both_find_everybody() {
        try (OldApp old = old();
                App app = new App(old, "RU")) {
            old.run("INSERT INTO users (id, phone) VALUES (7, '0151 23456789'), (8, '8 999 123-45-67')");
            app.reading.run(() -> true);
            PhoneNumbers german = new PhoneNumbers("DE");
            PhoneReading newer = new PhoneReading(app.database, german, Instant::now);
            UserDao newerUsers = new UserDao(UserColumns.of(Set.of("id", "phone", "auth_token")), german);
            newer.begin();
            old.run("INSERT INTO users (id, phone) VALUES (9, '0151 23456780')");
            assertThat(app.reading.run(() -> true)).isZero();
            newer.run(() -> true);
            assertThat(app.find("+79991234567")).containsExactly(8L);
            assertThat(app.find("0151 23456789")).containsExactly(7L);
            for (long id : new long[] {7, 9}) {
                String typed = id == 7 ? "+4915123456789" : "+4915123456780";
                PhoneNumber number = Objects.requireNonNull(german.read(typed));
                List<User> found = app.database.read(handle -> newerUsers.findByPhone(handle, number));
                assertThat(found).extracting(User::id).containsExactly(id);
            }
        }
    }

    /** A row with a tail is looked for by it alone until it is read. */
    @Test
    void whoever_has_a_tail_is_found_by_it() {
        Random random = new Random(47);
        List<String> signs = List.of(
                "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", " ", "-", "(", ")", "+", ".", "/", "\t", "\u00a0",
                "\u2009", "\u202f", "\u2010", "\u2011", "\u2013", "\u2212", "\u202a", "\u202c", "\u200b", "x", "a", "۱",
                ".0", "٣", "７", ",", "+7999", "8999", "#", ";ext=5", "\u00ad", "доб", "e", "①");
        List<String> texts = new ArrayList<>();
        for (int id = 1; id <= 4000; id++) {
            StringBuilder phone = new StringBuilder(id % 3 == 0 ? "" : id % 3 == 1 ? "+7999" : "8 999 ");
            for (int i = random.nextInt(id % 2 == 0 ? 14 : 8) + 1; i > 0; i--) {
                // Mostly digits, as in a number.
                phone.append(signs.get(random.nextInt(random.nextInt(4) == 0 ? signs.size() : 10)));
            }
            texts.add(id % 7 == 0 ? phone + ".0" : phone.toString());
        }
        List<String> missed = new ArrayList<>();
        int tails = 0;
        try (OldApp old = old()) {
            old.run("BEGIN");
            for (int id = 1; id <= texts.size(); id++) {
                old.run("INSERT INTO users (id, phone) VALUES (?, ?)", id, texts.get(id - 1));
            }
            old.run("COMMIT");
            try (App app = new App(old, "RU")) {
                for (int id = 1; id <= texts.size(); id++) {
                    PhoneNumber number = app.numbers.read(texts.get(id - 1));
                    String tail = old.one("SELECT tail FROM multisession_phones WHERE user_id = " + id);
                    if (number == null) {
                        continue;
                    }
                    if (!app.numbers.means(texts.get(id - 1), number)) {
                        missed.add(texts.get(id - 1) + " does not mean " + number.key());
                    }
                    if (!tail.isEmpty()) {
                        tails++;
                        if (!number.tails().contains(tail)) {
                            missed.add(texts.get(id - 1) + " (" + number.key() + ") has the tail " + tail);
                        }
                    }
                }
            }
        }
        assertThat(missed).isEmpty();
        assertThat(tails).isGreaterThan(1000);
    }

    @Test
    void another_region_reads_every_row_anew() {
        try (OldApp old = old()) {
            old.run("INSERT INTO users (id, phone) VALUES (7, '0151 23456789')");
            try (App app = new App(old, "RU")) {
                app.reading.run(() -> true);
                assertThat(app.find("+4915123456789")).isEmpty();
            }
            try (App app = new App(old, "DE")) {
                app.eitherWay(
                        when -> assertThat(app.find("+4915123456789")).as(when).containsExactly(7L));
            }
            try (App app = new App(old, "DE")) {
                assertThat(app.reading.run(() -> true)).isZero();
            }
        }
    }

    @Test
    void nobody_is_added_while_rows_may_have_come_in_unnoticed() {
        try (OldApp old = old();
                App app = new App(old, "RU")) {
            old.dropTrigger("multisession_phone_inserted", "users");
            assertThatThrownBy(() -> app.database.write(
                            transaction -> app.users.insert(transaction, app.typed("+79991234567"), Instant.now())))
                    .isInstanceOf(DatabaseBusyException.class);
            old.run("INSERT INTO users (id, phone) VALUES (7, '+79991234567')");
            assertThat(app.migrate()).containsExactly("multisession_phone_inserted");
            app.eitherWay(when -> assertThat(app.find("+79991234567")).as(when).containsExactly(7L));
        }
    }

    @Test
    void a_text_that_is_no_number_is_looked_for_only_where_such_texts_stand() {
        try (OldApp old = old();
                App app = new App(old, "MX")) {
            old.run("INSERT INTO users (id, phone) VALUES (7, '+5215512345678'), (8, '+525512345679')");
            app.reading.run(() -> true);
            assertThat(app.hasTextLike("+5215512345678")).isTrue();
            // Whether such a one is there or not looks the same.
            assertThat(app.hasTextLike("+5219999999999")).isTrue();
            assertThat(app.find("+5219999999999")).isEmpty();
            assertThat(app.hasTextLike("+52155123456789")).isFalse();
            assertThat(app.hasTextLike("+7999123456")).isFalse();
        }
    }

    @Test
    void a_number_that_changes_while_it_is_read_is_not_kept_as_what_it_was() {
        try (OldApp old = old()) {
            old.run("INSERT INTO users (id, phone) VALUES (7, '8 999 123-45-67')");
            try (App app = new App(old, "RU")) {
                PhoneDao dao = new PhoneDao();
                List<PhoneDao.Phone> unread = app.database.read(handle -> dao.unread(handle, 10));
                old.run("UPDATE users SET phone = '8 999 765-43-21' WHERE id = 7");
                String before = app.typed("+79991234567").key();
                app.database.execute(transaction -> dao.keep(transaction, unread.get(0), before, app.numbers.rules()));
                app.eitherWay(when -> {
                    assertThat(app.find("+79997654321")).as(when).containsExactly(7L);
                    assertThat(app.find("+79991234567")).as(when).isEmpty();
                });
            }
        }
    }
}
