package org.multisession.phone;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Numbers of which the last are remembered. */
class RememberedNumbersTest {

    private final PhoneNumbers phoneNumbers = new PhoneNumbers("RU");

    @Test
    void a_text_means_the_same_the_first_time_and_every_time_after() {
        RememberedNumbers numbers = new RememberedNumbers(phoneNumbers, 3);

        for (int round = 0; round < 3; round++) {
            for (String text :
                    new String[] {"+79991234567", "8 (999) 123-45-67", "79991234568", "x", "", "+7 1", "9".repeat(1000)
                    }) {
                assertThat(numbers.parse(text)).as(text).isEqualTo(phoneNumbers.parse(text));
            }
            assertThat(numbers.parse(null)).isNull();
        }
    }

    @Test
    void one_that_is_known_is_not_read_again() {
        RememberedNumbers numbers = new RememberedNumbers(phoneNumbers, 3);

        assertThat(numbers.parse("+79991234567")).isSameAs(numbers.parse("+79991234567"));
    }
}
