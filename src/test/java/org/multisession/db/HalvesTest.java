package org.multisession.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HalvesTest {

    private static final List<Integer> ALL = IntStream.range(0, 1000).boxed().toList();

    private final List<Integer> done = new ArrayList<>();
    private int transactions;

    private void together(List<Integer> some, Set<Integer> refused, FailureKind kind) {
        transactions++;
        if (some.stream().anyMatch(refused::contains)) {
            throw new DatabaseException("refused", kind, null);
        }
        done.addAll(some);
    }

    @Test
    void all_but_those_that_are_refused_are_done_in_few_transactions() {
        Set<Integer> refused = Set.of(0, 500, 999);
        Halves<Integer> halves = new Halves<>(some -> together(some, refused, FailureKind.CONSTRAINT));
        halves.each(ALL);
        assertThatThrownBy(halves::tellOfRefused)
                .isInstanceOf(DatabaseException.class)
                .hasMessage("refused");
        assertThat(done).hasSize(997).doesNotContainAnyElementsOf(refused);
        assertThat(transactions).isLessThan(70);
    }

    @Test
    void nothing_is_taken_apart_where_nothing_is_refused_or_the_database_fails_otherwise() {
        Halves<Integer> halves = new Halves<>(some -> together(some, Set.of(), FailureKind.CONSTRAINT));
        halves.each(ALL);
        halves.tellOfRefused();
        Halves<Integer> busy = new Halves<>(some -> together(some, Set.of(7), FailureKind.BUSY));
        assertThatThrownBy(() -> busy.each(ALL)).isInstanceOf(DatabaseException.class);
        assertThat(transactions).isEqualTo(2);
    }

    @Test
    void where_everything_is_refused_it_is_given_up_soon() {
        Set<Integer> refused = Set.copyOf(ALL);
        Halves<Integer> halves = new Halves<>(some -> together(some, refused, FailureKind.STATEMENT));
        assertThatThrownBy(() -> halves.each(ALL)).isInstanceOf(DatabaseException.class);
        assertThat(transactions).isLessThan(70);
    }
}
