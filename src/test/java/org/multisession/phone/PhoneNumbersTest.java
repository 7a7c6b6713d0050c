package org.multisession.phone;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.i18n.phonenumbers.PhoneNumberUtil;
import com.google.i18n.phonenumbers.PhoneNumberUtil.PhoneNumberFormat;
import com.google.i18n.phonenumbers.PhoneNumberUtil.PhoneNumberType;
import com.google.i18n.phonenumbers.Phonenumber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.Database;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.migration.Migrator;
import org.multisession.testing.SqliteApp;
import org.multisession.user.User;
import org.multisession.user.UserColumns;
import org.multisession.user.UserDao;

/** A number is one number in whatever shape it is typed or stored. */
class PhoneNumbersTest {

    /** Countries that write their numbers differently: with a trunk prefix or without, of one length or of many. */
    enum Country {
        RU("7", "8", "9######### 812####### 495####### 800#######"),
        KZ("7", "8", "701####### 777####### 7172######"),
        DE("49", "0", "1511####### 160######## 30######## 30####### 89###### 4315####"),
        US("1", "1", "212555#### 6502530### 9072######");

        private final String code;
        private final String trunk;
        /** With a space between them. */
        private final String patterns;

        Country(String code, String trunk, String patterns) {
            this.code = code;
            this.trunk = trunk;
            this.patterns = patterns;
        }

        /** Some number without country code or trunk prefix. */
        String national(Random random) {
            String[] all = patterns.split(" ", -1);
            String pattern = all[random.nextInt(all.length)];
            return pattern.chars()
                    .mapToObj(c -> c == '#' ? String.valueOf(random.nextInt(10)) : String.valueOf((char) c))
                    .collect(Collectors.joining());
        }

        String e164(String national) {
            return "+" + code + national;
        }

        /** The number in every shape in which people of this country write it, by separators drawn at random. */
        List<String> shapes(String national, Random random) {
            int area = 2 + random.nextInt(2);
            String start = national.substring(0, area);
            String rest = national.substring(area);
            String separator = List.of(" ", "-", ".", "\u00a0", "").get(random.nextInt(5));
            String grouped = start + separator + grouped(rest, separator);
            String bracketed = "(" + start + ") " + grouped(rest, separator);
            return List.of(
                    "+" + code + national,
                    withoutPlus(code + national),
                    trunk + national,
                    "+" + code + " " + grouped,
                    "+" + code + separator + grouped,
                    "+" + code + " " + bracketed,
                    "+" + code + bracketed.replace(" ", ""),
                    withoutPlus(code + " " + grouped),
                    trunk + separator + grouped,
                    trunk + " " + bracketed,
                    trunk + bracketed.replace(" ", ""),
                    trunk + "-" + start + "-" + grouped(rest, "-"),
                    " " + trunk + " " + start + "/" + rest + " ");
        }

        /**
         * Where numbers have no fixed length, one without its plus may be a national one as well: 4915112345678 is a
         * mobile phone, or a telephone in the area 04915.
         */
        private String withoutPlus(String number) {
            return this == DE ? "+" + number : number;
        }

        private static String grouped(String digits, String separator) {
            int middle = Math.min(3, digits.length() - 2);
            return digits.substring(0, middle)
                    + separator
                    + digits.substring(middle, digits.length() - 2)
                    + separator
                    + digits.substring(digits.length() - 2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void every_shape_of_a_number_means_that_number(Country country) {
        PhoneNumbers numbers = new PhoneNumbers(country.name());
        Random random = new Random(42);
        for (int i = 0; i < 500; i++) {
            String national = country.national(random);
            for (String shape : country.shapes(national, random)) {
                assertThat(numbers.parse(shape))
                        .as("'%s' in %s", shape, country)
                        .isNotNull()
                        .extracting(PhoneNumber::text, PhoneNumber::nationalPart)
                        .containsExactly(country.e164(national), national);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_number_of_another_country_is_understood_by_its_plus(Country country) {
        Random random = new Random(43);
        for (Country home : Country.values()) {
            PhoneNumbers numbers = new PhoneNumbers(home.name());
            for (int i = 0; i < 50; i++) {
                String national = country.national(random);
                String e164 = country.e164(national);
                for (String shape : List.of(e164, "+" + country.code + " " + national, e164 + " ")) {
                    assertThat(numbers.parse(shape))
                            .as("'%s' in %s", shape, home)
                            .isNotNull()
                            .extracting(PhoneNumber::text)
                            .isEqualTo(e164);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_row_is_found_in_whatever_shape_it_has_the_number(Country country, @TempDir Path folder) {
        PhoneNumbers numbers = new PhoneNumbers(country.name());
        Random random = new Random(44);
        Map<Integer, String> nationals = new LinkedHashMap<>();
        Set<String> distinct = new LinkedHashSet<>();
        List<String> missed = new ArrayList<>();
        try (SqliteApp old =
                SqliteApp.makeBy(folder, "CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT)")) {
            old.run("BEGIN");
            for (int id = 1; id <= 200; id++) {
                String national = country.national(random);
                if (!distinct.add(national)) {
                    continue;
                }
                nationals.put(id, national);
                List<String> shapes = country.shapes(national, random);
                old.run("INSERT INTO users (id, phone) VALUES (?, ?)", id, shapes.get(id % shapes.size()));
            }
            old.run("COMMIT");
            UserColumns columns = UserColumns.of(Set.of("id", "phone", "auth_token"));
            UserDao users = new UserDao(columns, numbers);
            try (SqliteFile file = SqliteFile.claim(old.path(), false, "/test");
                    Database database = Database.open(file, 1, Duration.ofSeconds(5))) {
                new Migrator(database, Instant::now).migrate();
                database.learn(columns.words());
                nationals.forEach((id, national) -> {
                    List<String> shapes = country.shapes(national, random);
                    PhoneNumber typed =
                            Objects.requireNonNull(numbers.parse(shapes.get(random.nextInt(shapes.size()))));
                    List<Long> found = database.read(handle -> users.findByPhone(handle, typed)).stream()
                            .map(User::id)
                            .toList();
                    if (!found.equals(List.of((long) id))) {
                        missed.add(old.one("SELECT phone FROM users WHERE id = ?", id) + " gives " + found);
                    }
                });
            }
        }
        assertThat(missed).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "8 (999) 123-45-67, +79991234567",
        "+7 999 1234567, +79991234567",
        "79991234567, +79991234567",
        "9991234567, +79991234567",
        // A landline keeps the 8 that it begins with.
        "+7 812 123-45-67, +78121234567",
        "8 812 123-45-67, +78121234567",
        "812 123-45-67, +78121234567",
        "8121234567, +78121234567",
        "78121234567, +78121234567",
        "4915112345678, +4915112345678",
        "+49 (0) 1511 2345678, +4915112345678",
        "8 10 49 1511 2345678, +4915112345678",
        "+7 (999) 123-45-67 доб. 5, +79991234567",
        "tel:+7-999-123-45-67, +79991234567",
        "+７９９９１２３４５６７, +79991234567"
    })
    void a_number_as_people_type_it_in_russia_means_one_number(String typed, String e164) {
        PhoneNumber number = new PhoneNumbers("RU").parse(typed);
        assertThat(number).as(typed).isNotNull().extracting(PhoneNumber::text).isEqualTo(e164);
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                " ",
                "not a phone",
                "+",
                "1",
                "112",
                "12345",
                "+7",
                "+7999",
                "+799912345678901234567890",
                "+0001234567",
                "anna@example.com",
                "old_token_xyz123",
                "+7 999 123 45 67 999 123 45 67 999 123 45 67"
            })
    void what_is_no_number_means_none(@org.jspecify.annotations.Nullable String typed) {
        assertThat(new PhoneNumbers("RU").parse(typed)).isNull();
    }

    static Stream<String> regions() {
        return PhoneNumberUtil.getInstance().getSupportedRegions().stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("regions")
    void every_regions_mobile_number_is_one_number_in_each_of_its_usual_shapes(String region) {
        PhoneNumberUtil util = PhoneNumberUtil.getInstance();
        PhoneNumbers numbers = new PhoneNumbers(region);
        assertThat(numbers.parse(numbers.example())).as("the example").isNotNull();
        Phonenumber.PhoneNumber mobile = util.getExampleNumberForType(region, PhoneNumberType.MOBILE);
        // Tristan da Cunha has none.
        Phonenumber.PhoneNumber example = mobile == null ? util.getExampleNumber(region) : mobile;
        String e164 = util.format(example, PhoneNumberFormat.E164);
        for (String shape : List.of(
                e164,
                e164.substring(1),
                util.format(example, PhoneNumberFormat.NATIONAL),
                util.format(example, PhoneNumberFormat.INTERNATIONAL),
                util.format(example, PhoneNumberFormat.RFC3966))) {
            assertThat(numbers.parse(shape))
                    .as(shape)
                    .isNotNull()
                    .extracting(PhoneNumber::text)
                    .isEqualTo(e164);
        }
    }

    @ParameterizedTest
    @MethodSource("regions")
    void every_regions_fixed_line_is_one_number_as_its_people_dial_it(String region) {
        PhoneNumberUtil util = PhoneNumberUtil.getInstance();
        Phonenumber.PhoneNumber example = util.getExampleNumberForType(region, PhoneNumberType.FIXED_LINE);
        String e164 = util.format(example, PhoneNumberFormat.E164);
        for (String shape : List.of(e164, util.format(example, PhoneNumberFormat.NATIONAL))) {
            assertThat(new PhoneNumbers(region).parse(shape))
                    .as(shape)
                    .isNotNull()
                    .extracting(PhoneNumber::text)
                    .isEqualTo(e164);
        }
    }

    @Test
    void of_two_readings_without_a_plus_the_mobile_one_is_right() {
        PhoneNumbers numbers = new PhoneNumbers("DE");
        assertThat(numbers.parse("4915123456789")).isEqualTo(numbers.parse("0151 23456789"));
        // A trunk prefix says that it is a national one.
        assertThat(numbers.parse("04915 123456"))
                .isNotNull()
                .extracting(PhoneNumber::text)
                .isEqualTo("+494915123456");
        assertThat(new PhoneNumbers("RU").parse("84953840558"))
                .isNotNull()
                .extracting(PhoneNumber::text)
                .isEqualTo("+74953840558");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1;phone-context=+7;tel:",
                "1;phone-context=+7;tel:1234568",
                "9991234567;phone-context=+7",
                "tel:9991234567;PHONE-CONTEXT=example.com",
                ";ext=",
                "tel:",
                "tel:;ext=5",
                "+;ext=1"
            })
    void links_with_nonsense_in_them_mean_no_number(String text) {
        PhoneNumbers numbers = new PhoneNumbers("RU");
        assertThat(numbers.parse(text)).isNull();
        assertThat(numbers.pretty(text)).isEqualTo(text);
    }

    @Test
    void no_text_whatever_throws_and_what_was_read_means_the_same_again() {
        List<String> pieces = List.of(
                "+",
                "7",
                "8",
                "999",
                "1234567",
                "0",
                "00",
                "(",
                ")",
                "-",
                " ",
                ".",
                "/",
                "x",
                "ext",
                ";",
                ";ext=",
                ";isub=",
                ";phone-context=",
                "phone-context=+7",
                "tel:",
                "//",
                "=",
                ",",
                "#",
                "*",
                "~",
                "доб",
                "\u0000",
                "\u200b",
                "\u200f",
                "\u2066",
                "\u00a0",
                "\u2007",
                "\u2010",
                "۱۲۳",
                "٤٥",
                "７",
                "\ud835\udfd9",
                "\ud835",
                "\udfd9",
                "\u0301",
                "①",
                "½",
                "\ufdfa",
                "a",
                "Z",
                "é",
                "😀",
                "e",
                "%",
                "\\",
                "'",
                "\"");
        Random random = new Random(45);
        for (int i = 0; i < 60_000; i++) {
            PhoneNumbers numbers =
                    new PhoneNumbers(List.of("RU", "IR", "DE", "US", "AR", "IT").get(i % 6));
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(12); length >= 0; length--) {
                text.append(
                        random.nextInt(20) == 0
                                ? String.valueOf((char) random.nextInt(0x10000))
                                : pieces.get(random.nextInt(pieces.size())));
            }
            String typed = text.toString();
            PhoneNumber read = numbers.read(typed);
            numbers.pretty(typed);
            if (read != null) {
                assertThat(numbers.read(read.text()))
                        .as("'%s' in %s", typed, i % 6)
                        .isEqualTo(read);
                assertThat(read.masked()).isNotEmpty();
                assertThat(read.tails()).hasSizeBetween(1, 4);
                assertThat(read.isPossible() || read.shape().startsWith("=")).isTrue();
            }
        }
    }

    @Test
    void what_was_read_by_another_version_of_the_library_is_read_again() throws IOException {
        // Whoever changes the version changes the rules with it.
        assertThat(Files.readString(Path.of("pom.xml")))
                .contains("<artifactId>libphonenumber</artifactId><version>"
                        + PhoneNumbers.RULES.replaceFirst(".* ", "") + "</");
    }

    @Test
    void a_number_without_its_area_code_means_none() {
        // It would stand for as many people as there are areas.
        assertThat(new PhoneNumbers("US").parse("253-0000")).isNull();
        assertThat(new PhoneNumbers("RU").parse("123-45-67")).isNull();
    }

    @Test
    void a_number_shows_its_end_only() {
        PhoneNumber number = Objects.requireNonNull(new PhoneNumbers("RU").parse("89991234567"));
        assertThat(number.masked()).isEqualTo("+7 ••• •••-45-67");
        assertThat(number).hasToString("+7 ••• •••-45-67");
    }

    static Stream<Arguments> stored() {
        return Stream.of(
                Arguments.of("RU", "8\t999\t123\t45\t67", "a tab"),
                Arguments.of("RU", "+79991234567\n", "a line break"),
                Arguments.of("RU", "+79991234567\r\n", "a line break of Windows"),
                Arguments.of(
                        "RU", "8\u2009(999)\u2009123\u201145\u201167", "thin spaces and hyphens that do not break"),
                Arguments.of("RU", "8 999 123\u201345\u201367", "dashes"),
                Arguments.of("RU", "8 999 123\u221245\u221267", "minus signs"),
                Arguments.of("RU", "8\u202f999\u202f123\u202f45\u202f67", "narrow spaces that do not break"),
                Arguments.of(
                        "RU",
                        "\u202a+79991234567\u202c",
                        "marks of writing direction, as a phone's contacts copy them"),
                Arguments.of("RU", "tel:+7-999-123-45-67", "a link"));
    }

    @ParameterizedTest(name = "{2}")
    @MethodSource("stored")
    void a_row_with_unusual_signs_between_the_digits_is_found(
            String region, String phone, String what, @TempDir Path folder) {
        PhoneNumbers numbers = new PhoneNumbers(region);
        try (SqliteApp old =
                SqliteApp.makeBy(folder, "CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT)")) {
            old.run("INSERT INTO users (id, phone) VALUES (7, ?)", phone);
            UserColumns columns = UserColumns.of(Set.of("id", "phone", "auth_token"));
            UserDao users = new UserDao(columns, numbers);
            PhoneNumber typed = Objects.requireNonNull(numbers.parse("+79991234567"));
            try (SqliteFile file = SqliteFile.claim(old.path(), false, "/test");
                    Database database = Database.open(file, 1, Duration.ofSeconds(5))) {
                new Migrator(database, Instant::now).migrate();
                database.learn(columns.words());
                assertThat(numbers.parse(phone)).as(what).isEqualTo(typed);
                List<User> found = database.read(handle -> users.findByPhone(handle, typed));
                assertThat(found).as(what).extracting(User::id).containsExactly(7L);
            }
        }
    }

    /** {@code -Dnumbers=1000000} compares more. */
    @Test
    void what_is_read_quickly_is_read_as_the_library_reads_it() {
        Random random = new Random(3);
        int quick = 0;
        for (int i = Integer.getInteger("numbers", 30_000); i > 0; i--) {
            PhoneNumbers numbers = new PhoneNumbers(i % 2 == 0 ? "RU" : i % 3 == 0 ? "KZ" : "US");
            String text = (i % 4 == 0 ? "+79" : i % 4 == 1 ? "+7" : i % 4 == 2 ? "+" : "")
                    + random.nextLong(i % 4 == 0 ? 1_000_000_000L : 10_000_000_000_000L);
            if (i % 8 == 0) {
                text = "+79" + "%09d".formatted(random.nextInt(1_000_000_000));
                quick++;
            } else if (i % 8 == 4) {
                StringBuilder odd = new StringBuilder("+79991234567");
                odd.setCharAt(random.nextInt(odd.length()), "0+- \u0663x".charAt(random.nextInt(6)));
                text = odd.toString();
            }

            assertThat(numbers.read(text)).as(text).isEqualTo(numbers.readThoroughly(text));
        }
        assertThat(quick).isPositive();
    }
}
