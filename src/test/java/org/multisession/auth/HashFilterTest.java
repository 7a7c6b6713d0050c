package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.token.TokenHash;

class HashFilterTest {

    private static String hash(int number) {
        return TokenHash.of("token-" + number);
    }

    private static HashFilter filled(long most, int added, long salt) {
        HashFilter filter = new HashFilter(most, salt);
        IntStream.range(0, added).forEach(i -> filter.add(hash(i)));
        return filter;
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 0, 1, 1000, 50_000, Long.MAX_VALUE})
    void what_was_added_is_always_found_however_many_were_expected(long most) {
        HashFilter filter = filled(most, 20_000, 42);
        assertThat(IntStream.range(0, 20_000)).allMatch(i -> filter.mayHold(hash(i)));
    }

    @Test
    void hardly_any_other_is_found_and_with_another_salt_it_is_another_one() {
        HashFilter one = filled(20_000, 20_000, 1);
        HashFilter other = filled(20_000, 20_000, 2);
        int[] found = IntStream.range(20_000, 220_000)
                .filter(i -> one.mayHold(hash(i)))
                .toArray();
        assertThat(found).hasSizeLessThan(100);
        assertThat(IntStream.of(found)).noneMatch(i -> other.mayHold(hash(i)));
    }

    @Test
    void an_empty_one_holds_nothing() {
        HashFilter empty = new HashFilter(0, 7);
        assertThat(IntStream.range(0, 1000)).noneMatch(i -> empty.mayHold(hash(i)));
    }
}
