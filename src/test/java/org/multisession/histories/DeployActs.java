package org.multisession.histories;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.Source;
import org.multisession.db.Sql;
import org.multisession.migration.Uninstall;
import org.multisession.testing.NewApp;

/** Our app comes and goes: deploys, stages, kills, the uninstall, lost connections; and the clock that it sees. */
final class DeployActs extends Acts {

    private static final Sql ONE = Sql.of("use a connection", "SELECT 1");

    DeployActs(History history) {
        super(history);
    }

    boolean redeploy() {
        tell("redeploy");
        nodes.undeploy();
        if (random.nextInt(3) == 0) {
            deployAsChecked();
        } else {
            nodes.deploy();
        }
        return true;
    }

    /** What the check says of a token is what it opens afterwards. */
    private void deployAsChecked() {
        String before = world.old.dump();
        Map<String, @Nullable Long> foreseen = kind.foreseen(world.old, promises.stage, Promises.RULES, clock);
        tell("checked before");
        assertThat(world.old.dump()).as("only looked at %s", story()).isEqualTo(before);
        nodes.deploy();
        NewApp here = Objects.requireNonNull(nodes.some());
        foreseen.forEach((token, user) -> assertThat(here.opens(token))
                .as("checked %s %s", token, story())
                .isEqualTo(user));
    }

    boolean killAndDeploy() {
        tell("kill and deploy");
        nodes.kill();
        nodes.deploy();
        return true;
    }

    boolean changeStage() {
        nodes.deployed = nodes.someStage();
        tell("redeploy in stage " + nodes.deployed);
        nodes.undeploy();
        nodes.deploy();
        return true;
    }

    boolean undeploy() {
        if (nodes.isAway()) {
            return false;
        }
        tell("undeploy");
        nodes.undeploy();
        return true;
    }

    /** Beside another one that goes on. */
    boolean restartANode() {
        if (nodes.all().size() < 2 || nodes.isLocked()) {
            return false;
        }
        boolean isKilled = random.nextBoolean();
        tell(isKilled ? "kill and restart one node" : "restart one node");
        nodes.restartOne(isKilled);
        return true;
    }

    /** What lives on is known from the tables of the team alone, as at a first deploy. */
    boolean uninstallAndDeploy() {
        if (promises.everyToken.stream().anyMatch(token -> world.rowsOf(token).size() > 1)) {
            // One session twice, in plain and as a hash: a first migration would stop and say so.
            return false;
        }
        List<String> alive = promises.everyToken.stream()
                .filter(token -> promises.sessions.containsKey(token) && promises.expectedWithoutClocks(token) != null)
                .toList();
        Set<String> over = new HashSet<>(promises.sessions.keySet());
        over.removeIf(token -> isAliveOrUnknown(promises.session(token)));
        boolean keepsSessions = random.nextBoolean();
        tell("uninstall" + (keepsSessions ? ", but keep the sessions" : ""));
        nodes.undeploy();
        uninstall(keepsSessions);
        promises.nothingIsWatched();
        if (hasSessionsTable()) {
            assertThat(alive)
                    .as("kept %s", story())
                    .allSatisfy(token -> assertThat(world.rowsOf(token)).isNotEmpty());
            promises.isUninstalled = true;
            history.theOldAppGoesOn();
            promises.isUninstalled = false;
        }
        promises.sessions.clear();
        promises.refused.clear();
        promises.codes.forEach(code -> code.isOver = true);
        for (String token : promises.everyToken) {
            for (long owner : hasSessionsTable() ? world.rowsOf(token) : List.<Long>of()) {
                PromisedSession session = new PromisedSession(owner, promises.incarnation(owner), clock.instant());
                session.ended = over.contains(token) || !promises.legacy.containsKey(owner);
                promises.sessions.put(token, session);
            }
        }
        promises.hashed.retainAll(promises.sessions.keySet());
        tell("what lives on: " + promises.sessions.keySet());
        promises.nowIsKnown();
        promises.clocks.isForgotten();
        nodes.areUninstalled();
        tell("deploy again");
        nodes.deploy();
        return true;
    }

    private boolean isAliveOrUnknown(PromisedSession session) {
        return !session.noted || (!session.ended && promises.isOwn(session, session.userId));
    }

    private void uninstall(boolean keepsSessions) {
        try (Source source = world.old.claim();
                Database database = Database.open(source, 2, Duration.ofSeconds(5))) {
            Uninstall uninstall = kind.uninstall(database);
            uninstall.uninstall(keepsSessions, uninstall.look(keepsSessions));
        }
    }

    private boolean hasSessionsTable() {
        return kind.hasSessionsTable(world.old);
    }

    /** As by a restart of the server. */
    boolean cutAllConnections() {
        tell("all connections are cut");
        kind.cutConnections(world.old);
        world.siblingComesAgain();
        nodes.each(node -> {
            checks.everyTokenIsRightOrAskedToWait(node, false);
            useAllConnections(node);
        });
        return true;
    }

    /** Those of the pool that are broken are replaced when they are used. */
    private void useAllConnections(NewApp node) {
        Database.Work<Handle, Boolean> look = handle -> handle.query(ONE).exists();
        for (int tries = 0; tries < 3; tries++) {
            try {
                node.database.<Boolean>read(handle -> look.run(handle) && node.database.<Boolean>read(look));
                return;
            } catch (DatabaseException e) {
                assertThat(e).isInstanceOf(DatabaseBusyException.class);
            }
        }
        throw new AssertionError("the connections stay broken " + story());
    }

    boolean timePasses() {
        Duration time = Duration.ofMinutes(random.nextInt(60 * 12));
        tell("time passes: " + time);
        clock.advance(time);
        return true;
    }

    /** By minutes or days; one in three puts it right again. It stays ahead of the real time, by which triggers go. */
    boolean clockJumps() {
        Duration back = Duration.between(clock.instant(), promises.beginning.plusNanos(clock.nanos()));
        Duration time = random.nextInt(3) == 0 && !back.isZero()
                ? back
                : Duration.ofMinutes(random.nextInt(60 * (random.nextBoolean() ? 3 : 300)) * (random.nextInt(3) - 1L));
        if (clock.instant().plus(time).isBefore(promises.beginning.plus(Duration.ofMinutes(1)))) {
            time = Duration.between(clock.instant(), promises.beginning.plus(Duration.ofMinutes(1)));
        }
        tell("the clock jumps by " + time + " to " + clock.instant().plus(time));
        nodes.all().forEach(node -> node.watch.believes(clock.instant()));
        if (nodes.isAway()) {
            clock.jump(time);
        } else {
            promises.clocks.jumps(time);
        }
        nodes.all().forEach(node -> node.watch.believes(clock.instant()));
        return true;
    }
}
