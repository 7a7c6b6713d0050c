package org.multisession.histories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.Census;
import org.multisession.auth.Forgettings;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseReplacedException;
import org.multisession.migration.MoveStatus;
import org.multisession.session.UserSessionDao;
import org.multisession.testing.NewApp;
import org.multisession.token.TokenHash;

/** What is asked after every step, and in the middle of some: whether each token opens what is promised. */
final class Checks {

    static final Duration KEEP = Duration.ofHours(1);

    private final World world;
    private final Nodes nodes;
    private final Promises promises;

    /** How many tokens were forgotten. */
    int forgotten;

    Checks(World world) {
        this.world = world;
        this.nodes = world.nodes;
        this.promises = world.promises;
    }

    private String story() {
        return world.story();
    }

    /** Of every token that ever was, at every node and by another program. */
    void check() {
        if (nodes.isLocked()) {
            nodes.each(this::checkLocked);
            promises.everyToken.stream()
                    .filter(token -> promises.expected(token) == null && promises.expectedWithoutClocks(token) != null)
                    .forEach(nodes.ranOutWhileLocked::add);
        } else if (!nodes.isAway()) {
            boolean isToBeRepaired = promises.isUnwatched();
            promises.repaired();
            lookForTokensToForget(Objects.requireNonNull(nodes.some()));
            nodes.each(this::checkOurs);
            if (isToBeRepaired) {
                // As every five seconds, where no request has been the reason yet.
                nodes.all().forEach(node -> node.database.lookAfterSchema());
            }
        }
        checkSibling();
    }

    private void checkOurs(NewApp here) {
        String stored = TokenHash.of(Objects.requireNonNullElse(world.someToken(), ""));
        assertThat(here.opens(stored)).as("the hash of a token %s", story()).isNull();
        for (String token : promises.everyToken) {
            Long expected = promises.expected(token);
            assertThat(here.opens(token)).as("token %s %s", token, story()).isEqualTo(expected);
            if (promises.sessions.containsKey(token)) {
                if (expected != null) {
                    promises.session(token).seen = world.clock.instant();
                } else {
                    // Refused once is refused for ever.
                    promises.session(token).ended = true;
                }
            }
        }
        here.runOut.flush();
        here.lastSeen.flush();
    }

    /** Who is let in is let in; nobody else is, and who may have come in unseen is asked to wait. Nothing is written. */
    private void checkLocked(NewApp here) {
        for (String token : promises.everyToken) {
            Long expected = nodes.ranOutWhileLocked.contains(token) ? null : promises.expected(token);
            try {
                assertThat(here.opens(token)).as("token %s %s", token, story()).isEqualTo(expected);
            } catch (DatabaseBusyException e) {
                assertThat(expected)
                        .as("asked to wait: token %s %s", token, story())
                        .isNull();
            }
        }
    }

    private void checkSibling() {
        promises.stage = nodes.deployed;
        List<String> tokens = promises.everyToken.stream().sorted().toList();
        List<@Nullable Long> opened = world.sibling().opens(tokens);
        for (int i = 0; i < tokens.size(); i++) {
            String token = tokens.get(i);
            // Nobody notices what runs out while our app is away.
            Long expected = nodes.isAway() || nodes.isLocked()
                    ? promises.expectedWithoutClocks(token)
                    : promises.expected(token);
            assertThat(opened.get(i))
                    .as("token %s, asked for by another program %s", token, story())
                    .isEqualTo(expected);
        }
    }

    /**
     * One rule says what a live session is: for requests, for status, for uninstall, for the metrics and for the
     * verification of a migration. What the check says is compared token by token in {@code CheckTest}.
     */
    void everybodyCountsTheSameSessions(NewApp here) {
        UserSessionDao rows = new UserSessionDao(nodes.stageOf(here));
        long opened = here.database.<Long>read(handle -> {
            long found = 0;
            for (String user : world.old.all("SELECT id FROM users")) {
                found += rows.ofUser(handle, Long.parseLong(user)).size();
            }
            return found;
        });
        MoveStatus status = here.database.read(
                handle -> MoveStatus.of(handle, here.missing(handle), world.clock.instant(), Duration.ofDays(30)));
        Census census = here.census;
        census.run();
        assertThat(status.sessions()).as("status %s", story()).isEqualTo(opened);
        assertThat(world.kind.uninstall(here.database).look(false).sessions())
                .as("uninstall %s", story())
                .isEqualTo(opened);
        assertThat(census.latest().orElseThrow().sessions())
                .as("the census %s", story())
                .isEqualTo(opened);
        world.kind
                .verifiedSessions(here)
                .ifPresent(verified ->
                        assertThat(verified).as("the verification %s", story()).isEqualTo(opened));
    }

    /**
     * In the middle of something.
     *
     * @param endsThoseWithoutNumber whether nobody can tell any more who they are whose sessions these are
     */
    void everyTokenIsRightOrAskedToWait(NewApp here, boolean endsThoseWithoutNumber) {
        for (String token : promises.everyToken) {
            Long expected = promises.expected(token);
            PromisedSession session = promises.sessions.get(token);
            boolean mayBeOver = endsThoseWithoutNumber
                    && session != null
                    && !Promises.isNumber(promises.phones.get(session.userId));
            try {
                Long opened = here.opens(token);
                if (!mayBeOver || opened != null) {
                    assertThat(opened).as("token %s %s", token, story()).isEqualTo(expected);
                }
            } catch (DatabaseBusyException e) {
                // It comes again a moment later.
            }
        }
    }

    /** Nothing of ours is written, and whoever asks for it is asked to wait, until the next deploy. */
    void nothingIsWritten() {
        NewApp here = Objects.requireNonNull(nodes.some());
        List<String> numbers = promises.phones.values().stream()
                .filter(phone -> Promises.isNumber(phone) && !promises.isShared(phone))
                .toList();
        if (numbers.isEmpty()) {
            return;
        }
        world.tell("a sign-in here is asked to wait");
        assertThatThrownBy(() -> here.signIn(world.some(numbers)))
                .as(story())
                .isInstanceOf(DatabaseBusyException.class);
    }

    /** Another file is in the place of the one that is open. */
    void nothingIsAnswered(NewApp node) {
        for (String token : promises.everyToken) {
            assertThatThrownBy(() -> node.opens(token)).as(story()).isInstanceOf(DatabaseReplacedException.class);
        }
    }

    /** What is forgotten cannot come back: it stands nowhere, and opens nothing. */
    void lookForTokensToForget(NewApp here) {
        Set<String> before = remembered();
        try {
            Forgettings.of(here, "one of us", KEEP, () -> true, world.random::nextLong, world.clock)
                    .run();
        } catch (DatabaseBusyException e) {
            // Somebody is rebuilding a table; it comes again a moment later.
        }
        before.removeAll(remembered());
        for (String token : before) {
            world.tell("forgotten: " + token);
            assertThat(promises.legacy.values()).as("forgotten %s", story()).doesNotContain(token);
            assertThat(world.rowsOf(token))
                    .as("forgotten %s %s", token, story())
                    .isEmpty();
            assertThat(promises.expected(token))
                    .as("forgotten %s %s", token, story())
                    .isNull();
            promises.isForgotten(token);
            forgotten++;
        }
    }

    /** Those of all tokens that our memory knows, in either form. */
    private Set<String> remembered() {
        Set<String> known = new HashSet<>(world.old.all("SELECT auth_token FROM multisession_tokens"));
        Set<String> tokens = new HashSet<>(promises.everyToken);
        tokens.removeIf(token -> !known.contains(token) && !known.contains(TokenHash.of(token)));
        return tokens;
    }
}
