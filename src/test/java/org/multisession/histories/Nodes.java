package org.multisession.histories;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;

/** Our app: the nodes of it that are deployed, each in a stage of its own, and what a deploy makes of the promises. */
final class Nodes {

    private final World world;
    private final Promises promises;
    private final List<NewApp> nodes = new ArrayList<>();
    private final Map<NewApp, Stage> stages = new HashMap<>();

    /** Of the latest deploy, and of the next. */
    Stage deployed = Stage.COEXIST;

    private boolean deployedOnce;

    /** What every node remembers to have refused, and cannot write down. */
    final Set<String> ranOutWhileLocked = new HashSet<>();

    Nodes(World world) {
        this.world = world;
        this.promises = world.promises;
    }

    /** One of them; null if none is deployed. Its stage is the one of which the promises speak. */
    @Nullable
    NewApp some() {
        NewApp here = nodes.size() < 2 ? nodes.stream().findFirst().orElse(null) : world.some(nodes);
        promises.stage = here == null ? deployed : stageOf(here);
        return here;
    }

    Stage stageOf(NewApp node) {
        return Objects.requireNonNull(stages.get(node));
    }

    List<NewApp> all() {
        return nodes;
    }

    /** Each of them, the promises being those of its stage. */
    void each(Consumer<NewApp> act) {
        for (NewApp node : nodes) {
            promises.stage = stageOf(node);
            act.accept(node);
        }
    }

    boolean isAway() {
        return nodes.isEmpty();
    }

    /** Whether our app writes nothing, because triggers are gone that only a deploy makes anew. */
    boolean isLocked() {
        return promises.isUnwatched() && !isAway() && !world.kind.mendsWhileDeployed();
    }

    void deploy() {
        for (int i = 0; i < world.kind.nodes(world.old); i++) {
            deployOne();
        }
        promises.clocks.isDeployed();
        promises.repaired();
        if (deployed != Stage.COEXIST) {
            promises.hashed.addAll(promises.sessions.keySet());
        }
        if (!deployedOnce) {
            deployedOnce = true;
            world.siblingIsThere();
            promises.refuseShared();
            // Clocks of what is older than the first deploy start there.
            promises.sessions.replaceAll(
                    (token, session) -> session.ended ? session : session.knownFrom(world.clock.instant()));
        }
    }

    private void deployOne() {
        NewApp node = NewApp.deployOpen(world.old.claim(), Promises.RULES, deployed, world.clock);
        nodes.add(node);
        stages.put(node, deployed);
        promises.stage = deployed;
        if (deployed != Stage.COEXIST) {
            promises.hashed.addAll(promises.sessions.keySet());
        }
    }

    void undeploy() {
        if (!isAway() && !isLocked()) {
            promises.clocks.isWrittenDown();
        }
        nodes.forEach(NewApp::close);
        forget();
    }

    void kill() {
        nodes.forEach(NewApp::kill);
        forget();
    }

    private void forget() {
        nodes.clear();
        stages.clear();
        promises.stage = deployed;
        ranOutWhileLocked.clear();
    }

    /** The next deploy is a first one. */
    void areUninstalled() {
        deployedOnce = false;
    }

    /** One of them stops beside another one that goes on, and comes again. */
    void restartOne(boolean isKilled) {
        NewApp going = nodes.remove(world.random.nextInt(nodes.size()));
        if (isKilled) {
            nodes.get(0).heartbeat.beat();
            going.kill();
        } else {
            going.close();
        }
        promises.clocks.isWrittenDown();
        if (world.random.nextInt(3) == 0) {
            deployed = someStage();
            world.tell("in stage " + deployed);
        }
        deployOne();
    }

    Stage someStage() {
        return world.some(List.of(Stage.values()));
    }

    /** As every few minutes; once it is locked there is none. */
    void giveASignOfLife() {
        NewApp here = some();
        if (here != null && !isLocked()) {
            here.heartbeat.beat();
            promises.clocks.isWrittenDown();
        }
    }
}
