package org.multisession.histories;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.multisession.testing.OldApp;
import org.multisession.testing.Sibling;
import org.multisession.testing.TestClock;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;
import org.multisession.token.TokenHash;

/**
 * What the acts of one history act upon: the old app on its database, a third program beside it, our nodes, the clock,
 * chance, and what has been told so far.
 */
final class World implements AutoCloseable {

    final DatabaseKind kind;
    final Random random;
    final TestClock clock = new TestClock();
    final Promises promises = new Promises(clock);
    final Nodes nodes;

    /** The old app on the database of now. */
    OldApp old;

    /** Opened at the first deploy. */
    private @Nullable Sibling sibling;

    /** Whether nobody else could come to this database: it is in a transaction, or moved away. */
    boolean isAlone;

    private final long seed;
    private final List<String> told = new ArrayList<>();
    private int counter;

    World(DatabaseKind kind, OldApp old, long seed) {
        this.kind = kind;
        this.old = old;
        this.seed = seed;
        this.random = new Random(seed);
        this.nodes = new Nodes(this);
    }

    void tell(String what) {
        told.add(what);
    }

    /** For the message of a failure. */
    String story() {
        return "in the history of seed " + seed + ":\n" + String.join("\n", told) + "\n";
    }

    // ---- The database and who uses it

    Sibling sibling() {
        return Objects.requireNonNull(sibling);
    }

    void siblingIsThere() {
        if (sibling == null) {
            sibling = Sibling.of(old);
        }
    }

    /** As after a cut, or where the database is another one. */
    void siblingComesAgain() {
        sibling().close();
        sibling = Sibling.of(old);
    }

    /** From now on the old app is on this database. */
    void goOnWith(OldApp next) {
        old = next;
        siblingComesAgain();
    }

    /** Another file takes the place of the database. A log that stayed would be taken for the new file's own. */
    void replace(UnaryOperator<OldApp> act) {
        sibling().close();
        old = act.apply(old);
        sibling = Sibling.of(old);
    }

    /** By the old app's own connection, or by another one that looks at the database in another way. */
    void there(Consumer<OldApp> act) {
        if (isAlone || random.nextInt(4) > 0) {
            act.accept(old);
            return;
        }
        tell("by another connection");
        try (OldApp other = kind.another(old)) {
            act.accept(other);
        }
    }

    /** Whose rows have this token, in either form. */
    List<Long> rowsOf(String token) {
        return old
                .all("SELECT user_id FROM user_sessions WHERE auth_token IN (?, ?)", token, TokenHash.of(token))
                .stream()
                .map(owner -> Long.parseLong(String.valueOf(owner)))
                .toList();
    }

    // ---- Chance

    long someUser() {
        return some(List.copyOf(promises.legacy.keySet()));
    }

    @Nullable
    String someSession() {
        return someOrNone(promises.sessions.keySet().stream()
                .filter(token -> !promises.session(token).ended)
                .sorted()
                .toList());
    }

    @Nullable
    String someToken() {
        return someOrNone(promises.everyToken.stream().sorted().toList());
    }

    private @Nullable String someOrNone(List<String> tokens) {
        return tokens.isEmpty() ? null : some(tokens);
    }

    /** What a browser may present beside other things: nothing, or a cookie or two, good ones or not. */
    List<String> someTokens() {
        List<String> tokens = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            tokens.add(Objects.requireNonNullElse(someToken(), "never-was"));
        }
        return tokens;
    }

    static Presented presented(List<String> tokens) {
        return new Presented(
                tokens.stream().map(token -> List.of(new SessionToken(token))).toList());
    }

    <T> T some(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    String newToken(String kind) {
        String token = kind + "-" + counter++;
        promises.everyToken.add(token);
        return token;
    }

    /** Of whoever gets this id. Some numbers come again; while nobody watches, only to their former id. */
    String newPhone(long user) {
        List<String> former = promises.formerNumbers.stream()
                .filter(phone -> !promises.phones.containsValue(phone))
                .filter(phone -> (promises.usersNoted && !promises.usersUnwatched)
                        || phone.equals(promises.goneUnseen.get(user)))
                .toList();
        return former.isEmpty() || random.nextInt(3) > 0 ? newPhone() : some(former);
    }

    String newPhone() {
        // Some have none, and nothing in their row tells who they are.
        return (random.nextInt(6) == 0 ? "nobody%d" : "+7999%07d").formatted(counter++);
    }

    @Override
    public void close() {
        if (sibling != null) {
            sibling.close();
        }
        nodes.undeploy();
        old.close();
    }
}
