package org.multisession.otp;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * To whom codes go, and which.
 *
 * @param countries regions (ISO 3166) whose numbers may get a code; empty for all
 * @param recordOnly whether limits are counted and not applied
 * @param testNumbers numbers with a code of their own
 */
public record Delivery(Set<String> countries, boolean recordOnly, List<TestNumber> testNumbers) {

    /** A fresh code to everybody, within the limits. */
    public static final Delivery PLAIN = new Delivery(Set.of(), false, List.of());

    /**
     * A number that always gets the same code, and no message, for those who review or test an app.
     *
     * @param number E.164
     * @param until the last day of it, in UTC
     */
    public record TestNumber(String number, String code, LocalDate until) {

        /** Whether it is an ordinary number by now. */
        public boolean isOver(Instant now) {
            return LocalDate.ofInstant(now, ZoneOffset.UTC).isAfter(until);
        }

        /** Without the code. */
        @Override
        public String toString() {
            return "a test number until " + until;
        }
    }

    /** The code of this number if it is a test number now. */
    Optional<String> testCode(String number, Instant now) {
        return testNumbers.stream()
                .filter(test -> test.number().equals(number) && !test.isOver(now))
                .map(TestNumber::code)
                .findFirst();
    }

    /** Whether a number of this region may get a code; empty for one that belongs to no country. */
    boolean reaches(Optional<String> region) {
        return countries.isEmpty() || region.filter(countries::contains).isPresent();
    }
}
