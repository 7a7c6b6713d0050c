package org.multisession.db;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Does many independent pieces of work in few transactions. A trigger or a constraint of the team's may forbid one of
 * them; then each half is tried by itself, and so on, until that piece stands alone. So it keeps no other from being
 * done, now and each time that it is tried again. For one thread.
 */
public final class Halves<T> {

    /** Once so many were refused and none was done, it is not about the single ones. */
    private static final int ENOUGH_REFUSED = 20;

    private final Consumer<List<T>> together;
    private final boolean isApart;
    private final Set<T> refused = new LinkedHashSet<>();
    private @Nullable DatabaseException firstRefusal;

    /** Of those that are being done. */
    private int refusedNow;

    private boolean isAnyDone;

    /** @param together does all that it is given in one transaction */
    public Halves(Consumer<List<T>> together) {
        this(together, false);
    }

    /**
     * The same.
     *
     * @param isApart whether each is done in a transaction of its own: one that locked rows of many users would be in a
     *     deadlock with an old app that locks several, which might be the one that fails
     */
    public Halves(Consumer<List<T>> together, boolean isApart) {
        this.together = together;
        this.isApart = isApart;
    }

    /**
     * Has all of these done; where the database refuses what is done about one, each half by itself, and so on.
     *
     * @throws DatabaseException if the database failed otherwise, or refuses whatever it is asked for
     */
    public void each(List<T> all) {
        refusedNow = 0;
        isAnyDone = false;
        if (isApart) {
            all.forEach(one -> divide(List.of(one)));
        } else {
            divide(all);
        }
    }

    /** Those that were refused so far. */
    public Set<T> refused() {
        return Collections.unmodifiableSet(refused);
    }

    /**
     * To be called in the end.
     *
     * @throws DatabaseException why the first was refused, if any was; all others are done
     */
    public void tellOfRefused() {
        if (firstRefusal != null) {
            throw firstRefusal;
        }
    }

    private void divide(List<T> some) {
        try {
            together.accept(some);
            isAnyDone = true;
            return;
        } catch (DatabaseException e) {
            if (!e.kind().isOfTheStatement() || (refusedNow >= ENOUGH_REFUSED && !isAnyDone)) {
                throw e;
            }
            if (some.size() == 1) {
                refusedNow++;
                refused.addAll(some);
                firstRefusal = firstRefusal == null ? e : firstRefusal;
                return;
            }
        }
        int middle = some.size() / 2;
        divide(some.subList(0, middle));
        divide(some.subList(middle, some.size()));
    }
}
