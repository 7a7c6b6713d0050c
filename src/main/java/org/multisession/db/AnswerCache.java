package org.multisession.db;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps answers for as long as nothing is committed to the database, by whomever. What is kept may depend on its key and
 * on what the database holds, and on nothing else, such as the time.
 *
 * <p>Ask {@link Handle#kept} first, then look for an answer in what it returns, and only then in the database:
 *
 * <pre>{@code
 * database.read(handle -> {
 *     AnswerCache<K, V>.Kept kept = handle.kept(cache);
 *     V known = kept.answer(key);
 *     …
 *     kept.keep(key, handle.query(…)…);
 * });
 * }</pre>
 *
 * <p>How a stale answer is made impossible: a reading connection asks the database at each {@code kept} whether anybody
 * has committed since it asked last ({@link Vendor#changes}). If so, it starts a new, empty {@link State} for all
 * connections. An answer is kept in the state that was current <em>before</em> it was read. So once something is committed
 * after that reading, every connection that asks later notices it, or has another noticed it, and in both cases finds a
 * state that does not have the answer.
 *
 * @param <K> what is asked for
 * @param <V> the answer
 */
public final class AnswerCache<K, V> {

    private final int most;

    /** Of each kind, answers and keys without one, so many are kept; those that come later are not. */
    public AnswerCache(int most) {
        this.most = most;
    }

    /** What is kept of one state of the database; valid until the end of the callback that asked for it. */
    public final class Kept {

        private final Map<K, V> answers = new ConcurrentHashMap<>();

        /** By themselves, so that strangers who ask for nonsense take no user's place. */
        private final Set<K> missing = ConcurrentHashMap.newKeySet();

        private Kept() {}

        /** The answer; null if none is kept. */
        public @Nullable V answer(K key) {
            return answers.get(key);
        }

        /** Whether it is known that there is no answer. */
        public boolean isMissing(K key) {
            return missing.contains(key);
        }

        public void keep(K key, V answer) {
            if (answers.size() < most) {
                answers.put(key, answer);
            }
        }

        /** Keeps that there is no answer. */
        public void keepMissing(K key) {
            if (missing.size() < most) {
                missing.add(key);
            }
        }
    }

    /** One state of a database, between two commits. */
    static final class State {

        private final Map<AnswerCache<?, ?>, Object> kept = new ConcurrentHashMap<>();

        @SuppressWarnings("unchecked") // Each cache finds only what it has put there.
        <K, V> AnswerCache<K, V>.Kept of(AnswerCache<K, V> cache) {
            Object known = kept.get(cache);
            if (known == null) {
                known = kept.computeIfAbsent(cache, AnswerCache::nothing);
            }
            return (AnswerCache<K, V>.Kept) known;
        }
    }

    private Object nothing() {
        return new Kept();
    }

    /** The state of the database that the connections of one pool read from. */
    static final class States {

        private volatile State current = new State();

        State current() {
            return current;
        }

        void next() {
            current = new State();
        }
    }
}
