package org.multisession.histories;

import org.jspecify.annotations.Nullable;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;

/** Backups, dumps and copies, and databases that come in the place of others. */
final class CopyActs extends Acts {

    /** Goes back to what was known when the latest backup was made. */
    private @Nullable Runnable backup;

    CopyActs(History history) {
        super(history);
    }

    boolean backUp() {
        tell("a backup is made");
        kind.backUp(world.old);
        backup = promises.snapshot();
        return true;
    }

    /** Whatever has ended since lives again, as the database says: it is the only memory there is. */
    boolean restore() {
        Runnable latest = backup;
        if (latest == null) {
            return false;
        }
        boolean isAway = nodes.isAway() || !promises.clocks.believes() || random.nextInt(3) == 0;
        boolean isReplaced = !isAway && random.nextBoolean();
        if (isAway) {
            tell("the backup is restored, and deployed");
            nodes.undeploy();
            kind.restore(world.old);
        } else if (!isReplaced) {
            tell("the backup is restored under our app");
            kind.restore(world.old);
        } else {
            tell("the backup is put in the place of the database under our app");
            world.replace(kind::replaced);
            nodes.all().forEach(checks::nothingIsAnswered);
        }
        latest.run();
        if (isAway) {
            history.theOldAppGoesOn();
            nodes.deploy();
        } else if (isReplaced) {
            goOnWithSuccessor();
        }
        return true;
    }

    /** The file is gone under our app, or another one is in its place, and then it is there again as if nothing had been. */
    boolean moveAwayAndBack() {
        if (nodes.isAway() || !promises.clocks.believes()) {
            return false;
        }
        tell("the database is moved away");
        kind.moveAway(world.old);
        Runnable latest = backup;
        if (latest != null && random.nextBoolean()) {
            nodes.all().forEach(checks::nothingIsAnswered);
            anotherStandsIn(latest);
            return true;
        }
        boolean isMissed = random.nextBoolean();
        if (isMissed) {
            nodes.all().forEach(checks::nothingIsAnswered);
        }
        if (kind.writesWhileAway(world.old)) {
            world.isAlone = true;
            history.theOldAppGoesOn();
            world.isAlone = false;
        }
        tell("and back" + (isMissed ? ", and was missed" : ""));
        kind.moveBack(world.old);
        if (isMissed) {
            goOnWithSuccessor();
        }
        return true;
    }

    /** Nothing of what happens to the latest backup in its place happens to the database. */
    private void anotherStandsIn(Runnable latest) {
        tell("the backup is put where it was");
        Runnable before = promises.snapshot();
        OldApp away = world.old;
        world.goOnWith(kind.standIn(away));
        latest.run();
        goOnWithSuccessor();
        checks.check();
        history.goOnAnywhere(4);
        tell("and the first one comes back");
        world.old.close();
        kind.moveBack(away);
        world.goOnWith(away);
        before.run();
        nodes.all().forEach(checks::nothingIsAnswered);
        goOnWithSuccessor();
    }

    /** As a second after another file was found. */
    private void goOnWithSuccessor() {
        nodes.all().forEach(NewApp::goOnWithSuccessor);
        promises.clocks.isDeployed();
        promises.repaired();
    }

    boolean dumpAndRead() {
        tell("dumped, read again, and deployed");
        nodes.undeploy();
        world.replace(kind::dumpedAndRead);
        nodes.deploy();
        return true;
    }

    /** As docs/scale.md says: undeployed, copied, deployed there; and back again. */
    boolean copyThereAndBack() {
        nodes.undeploy();
        nodes.deploy();
        nodes.undeploy();
        tell("copied to a database of the other kind");
        letGoOfOrphans();
        OldApp first = world.old;
        OldApp there = kind.copiedThere(world.old, null, clock);
        if (random.nextBoolean()) {
            history.goOnFor(4);
            tell("copied once more, what has changed since");
            letGoOfOrphans();
            kind.copiedThere(world.old, there, clock);
        }
        tell("deployed there");
        world.goOnWith(there);
        history.goOnFor(8);
        boolean isInTheFirst = random.nextBoolean();
        tell("copied back" + (isInTheFirst ? " over the first" : "") + ", and deployed");
        letGoOfOrphans();
        world.goOnWith(kind.copiedBack(world.old, isInTheFirst ? first : null, clock));
        there.close();
        if (!isInTheFirst) {
            first.close();
        }
        nodes.deploy();
        return true;
    }

    /** Of users who are gone, which only SQLite keeps; a copy is refused until they are deleted. */
    private void letGoOfOrphans() {
        world.old.run("DELETE FROM user_sessions WHERE user_id NOT IN (SELECT id FROM users)");
        promises.sessions.values().forEach(session -> session.ended |= !promises.legacy.containsKey(session.userId));
    }
}
