package org.multisession.histories;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.OldApp;

/**
 * P1 to P3 as a model test: random histories of two apps on one database, and after every step, of every token that
 * ever was, whether it opens whose account.
 *
 * <p>A third program asks the same of the database itself, by the query of {@code docs/siblings.md}, also while our app
 * is away. It is asked after ours has ended what has run out.
 *
 * <p>A failing history is named by its seed; {@code -Dhistories.seed=N -Dhistories.count=1} plays it alone. The package
 * says what is where.
 */
@Tag("faults")
abstract class HistoriesContract {

    abstract DatabaseKind kind();

    /** How many histories are played if nobody says otherwise. */
    abstract int count();

    @Test
    void every_token_opens_its_own_account_or_none_through_all_histories() {
        long firstSeed = Long.getLong("histories.seed", 1);
        int count = Integer.getInteger("histories.count", count());
        DatabaseKind kind = kind();
        Map<String, Integer> played = new TreeMap<>();
        int forgotten = 0;
        try (MemoryFolder folder = new MemoryFolder()) {
            for (int i = 0; i < count; i++) {
                try (OldApp old = kind.fresh(folder.path(), i)) {
                    forgotten += new History(kind, old, firstSeed + i, played).play();
                }
            }
        }
        // A history in which something never happens proves nothing about it.
        if (count >= count()) {
            assertThat(played.keySet())
                    .containsExactlyInAnyOrderElementsOf(
                            kind.steps().stream().map(Step::name).toList());
            assertThat(forgotten).isGreaterThan(count / 20);
            assertThat(played).allSatisfy((step, times) -> assertThat(times).isGreaterThan(count / 50));
        }
        System.out.printf(
                "Histories of both apps: %d from seed %d on, of %d steps; every token opened its own account or"
                        + " none after each; %d tokens were forgotten%n",
                count,
                firstSeed,
                played.values().stream().mapToInt(Integer::intValue).sum(),
                forgotten);
    }
}
