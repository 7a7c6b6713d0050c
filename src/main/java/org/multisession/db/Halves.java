package org.multisession.db;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Does many things that have nothing to do with each other in few transactions. A trigger or a constraint of the team's
 * may forbid one of them; that one must not keep the others from being done, now and each time that it is tried again.
 */
public final class Halves<T> {

    /** Once so many were refused and none was done, it is not about the single ones. */
    private static final int ENOUGH_REFUSED = 20;

    private final Consumer<List<T>> together;
    private int refused;
    private boolean isAnyDone;

    private Halves(Consumer<List<T>> together) {
        this.together = together;
    }

    /**
     * Passes all of these on together, to be done in one transaction; where the database refuses what is done about one,
     * each half by itself, and so on.
     *
     * @return why some were refused by themselves; null if none was. All others are done
     * @throws DatabaseException if the database failed otherwise, or refuses whatever it is asked for
     */
    public static <T> @Nullable DatabaseException each(List<T> all, Consumer<List<T>> together) {
        return new Halves<>(together).each(all);
    }

    private @Nullable DatabaseException each(List<T> some) {
        try {
            together.accept(some);
            isAnyDone = true;
            return null;
        } catch (DatabaseException e) {
            if (!e.kind().isOfTheStatement() || (refused >= ENOUGH_REFUSED && !isAnyDone)) {
                throw e;
            }
            if (some.size() == 1) {
                refused++;
                return e;
            }
        }
        int middle = some.size() / 2;
        DatabaseException first = each(some.subList(0, middle));
        DatabaseException second = each(some.subList(middle, some.size()));
        return first == null ? second : first;
    }
}
