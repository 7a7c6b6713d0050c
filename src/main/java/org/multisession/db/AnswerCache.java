package org.multisession.db;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps answers for as long as nothing is committed to the database that could change them, by whomever. What is kept may
 * depend on its key and on what the database holds, and on nothing else, such as the time.
 *
 * <p>Ask {@link Database#kept} first, then look for an answer in what it returns, and only then in the database:
 *
 * <pre>{@code
 * AnswerCache<K, V>.Kept kept = database.kept(cache);
 * V known = kept.answer(key);
 * if (known == null) {
 *     known = database.read(handle -> handle.query(…)…);
 *     kept.keep(key, known);
 * }
 * }</pre>
 *
 * <p>Why no answer is ever stale: each call of {@code kept} asks the database whether anybody has committed since the
 * last one ({@link AnswerKeeper}). If so, a new, empty {@link State} begins. An answer is kept in the state that was
 * current <em>before</em> it was read. So once something is committed after that reading, everybody who asks later
 * notices it, or somebody else has noticed it, and in both cases finds a state that does not have the answer.
 *
 * @param <K> what is asked for
 * @param <V> the answer
 */
public final class AnswerCache<K, V> {

    private final int most;

    /** @param most how many answers are kept, and how many keys without one; any that come later are not */
    public AnswerCache(int most) {
        this.most = most;
    }

    /** What is kept of one state of the database. */
    private final class Store {

        private final Map<K, V> answers = new ConcurrentHashMap<>();

        /** Kept apart, so that strangers who ask for nonsense take no user's place. */
        private final Set<K> missing = ConcurrentHashMap.newKeySet();

        /** How often some of it was forgotten. Guarded by this. */
        private volatile long generation;

        synchronized void keep(long asOf, K key, @Nullable V answer) {
            if (asOf != generation) {
                // It may have been read before the commit that some were forgotten for.
                return;
            }
            if (answer == null) {
                if (missing.size() < most) {
                    missing.add(key);
                }
            } else if (answers.size() < most) {
                answers.put(key, answer);
            }
        }

        synchronized void forget(Collection<? extends K> keys) {
            generation++;
            keys.forEach(answers::remove);
            keys.forEach(missing::remove);
        }
    }

    /** What is kept, as one caller sees it. */
    public final class Kept {

        /** Null where nothing can be kept. */
        private final @Nullable Store store;

        private final long asOf;

        private Kept(@Nullable Store store) {
            this.store = store;
            this.asOf = store == null ? 0 : store.generation;
        }

        /** The answer; null if none is kept. */
        public @Nullable V answer(K key) {
            return store == null ? null : store.answers.get(key);
        }

        /** Whether it is known that there is no answer. */
        public boolean isMissing(K key) {
            return store != null && store.missing.contains(key);
        }

        /** Keeps what was read since this was asked for; null if there is no answer. */
        public void keep(K key, @Nullable V answer) {
            if (store != null) {
                store.keep(asOf, key, answer);
            }
        }
    }

    /** What is kept in this state; nothing, where that is not known. */
    Kept in(@Nullable State state) {
        return new Kept(state == null ? null : storeIn(state));
    }

    /** Forgets the answers for these keys, and whatever is being read and not kept yet. */
    void forget(State state, Collection<? extends K> keys) {
        storeIn(state).forget(keys);
    }

    @SuppressWarnings("unchecked") // Each cache finds only what it has put there.
    private Store storeIn(State state) {
        Object known = state.stores.get(this);
        return (Store) (known != null ? known : state.stores.computeIfAbsent(this, cache -> new Store()));
    }

    /** One state of a database, in which no answer changes but those that are forgotten. */
    static final class State {

        private final Map<AnswerCache<?, ?>, Object> stores = new ConcurrentHashMap<>();
    }
}
