package org.multisession.histories;

import java.util.List;
import java.util.Map;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;

/** One history: a random choice of steps, each followed by {@link Checks#check}. {@link #perform} says who does what. */
final class History {

    private static final int STEPS = 30;

    final World world;
    final Checks checks;

    private final Nodes nodes;
    private final Map<String, Integer> played;
    private final SignInActs signIns;
    private final EndingActs endings;
    private final HousekeepingActs housekeeping;
    private final OldSessionActs oldSessions;
    private final OldUserActs oldUsers;
    private final RebuildActs rebuilds;
    private final CopyActs copies;
    private final DeployActs deploys;

    /** @param played is told how often each step was done */
    History(DatabaseKind kind, OldApp old, long seed, Map<String, Integer> played) {
        this.world = new World(kind, old, seed);
        this.checks = new Checks(world);
        this.nodes = world.nodes;
        this.played = played;
        this.signIns = new SignInActs(this);
        this.endings = new EndingActs(this);
        this.housekeeping = new HousekeepingActs(this);
        this.oldSessions = new OldSessionActs(this);
        this.oldUsers = new OldUserActs(this);
        this.rebuilds = new RebuildActs(this);
        this.copies = new CopyActs(this);
        this.deploys = new DeployActs(this);
    }

    /** Plays it to its end; returns how many tokens were forgotten. */
    int play() {
        try (world) {
            begin();
            List<Step> all = world.kind.steps().stream().sorted().toList();
            for (int i = 0; i < STEPS; i++) {
                step(Step.some(all, world.random));
                checks.check();
                NewApp here = nodes.some();
                if (here != null && !nodes.isLocked() && i % 6 == 5) {
                    checks.everybodyCountsTheSameSessions(here);
                }
            }
        } catch (RuntimeException e) {
            throw new AssertionError(world.story(), e);
        }
        return checks.forgotten;
    }

    /** Some begin long before the first deploy, with sessions of the multi form or without. */
    private void begin() {
        for (int i = 0; i < 3; i++) {
            oldUsers.add();
        }
        if (world.random.nextBoolean()) {
            world.kind.makeSessionsTable(world.old);
            oldSessions.signInMulti();
            oldSessions.signInMulti();
        }
        nodes.deploy();
        checks.check();
    }

    void step(Step step) {
        if (Step.HERE.contains(step) && nodes.isLocked()) {
            checks.nothingIsWritten();
            return;
        }
        if (Step.HERE.contains(step) && !nodes.isAway()) {
            world.promises.repaired();
        }
        if (perform(step)) {
            played.merge(step.name(), 1, Integer::sum);
        }
    }

    /** False where there is nothing to do it to. */
    private boolean perform(Step step) {
        return switch (step) {
            case SIGN_IN_HERE -> signIns.signIn();
            case REGISTER_HERE -> signIns.register();
            case ASK_FOR_A_CODE -> signIns.askForACode();
            case TRY_A_CODE -> signIns.tryACode();
            case LEFT_OUT_BY_A_TRIGGER -> signIns.leftOutByATrigger();

            case SIGN_OUT_HERE -> endings.signOut();
            case END_ANOTHER_DEVICE -> endings.endAnotherDevice();
            case END_ALL_OTHERS -> endings.endAllOthers();
            case REVOKE -> endings.revoke();
            case FORGET_A_USER -> endings.forgetAUser();

            case SWEEP -> housekeeping.sweep();
            case TEND -> housekeeping.tend();
            case LOOK_AT_EVERYTHING -> housekeeping.lookAtEverything();
            case FORGET -> housekeeping.forget();

            case SIGN_IN_OLD_SINGLE -> oldSessions.signInSingle();
            case SIGN_IN_OLD_MULTI -> oldSessions.signInMulti();
            case SIGN_OUT_THERE -> oldSessions.signOut();
            case SIGN_OUT_ALL_THERE -> oldSessions.signOutAll();
            case RESET_BY_ADMINISTRATOR -> oldSessions.resetByAdministrator();
            case SHARE_A_TOKEN -> oldSessions.shareAToken();
            case SEEN_BY_OLD_APP -> oldSessions.see();
            case POINT_AT_A_SESSION -> oldSessions.pointAtASession();
            case PUT_BACK_A_ROW -> oldSessions.putBackARow();
            case MAKE_SESSIONS_OF_TOKENS -> oldSessions.makeSessionsOfTokens();
            case REPLACE_A_ROW -> oldSessions.replaceARow();
            case ROTATE_A_TOKEN -> oldSessions.rotateAToken();
            case MOVE_A_ROW_AND_BACK -> oldSessions.moveARowAndBack();
            case TRUNCATE_SESSIONS -> oldSessions.truncate();
            case IN_ONE_TRANSACTION -> oldSessions.inOneTransaction();

            case ADD_USER -> oldUsers.add();
            case DELETE_USER -> oldUsers.delete();
            case REPLACE_USER -> oldUsers.replace();
            case MERGE_USERS -> oldUsers.merge();
            case RENUMBER_A_USER -> oldUsers.renumber();
            case CHANGE_A_NUMBER -> oldUsers.changeANumber();

            case REBUILD_USERS -> rebuilds.rebuildUsers();
            case REBUILD_SESSIONS -> rebuilds.rebuildSessions();
            case LEAVE_UNWATCHED_FOR_A_WHILE -> rebuilds.leaveUnwatchedForAWhile();
            case DROP_SESSIONS -> rebuilds.dropSessions();
            case RENAME_AND_BACK -> rebuilds.renameAndBack();
            case TIDY_UP -> rebuilds.tidyUp();
            case CHANGE_JOURNAL -> rebuilds.changeJournal();

            case BACK_UP -> copies.backUp();
            case RESTORE -> copies.restore();
            case MOVE_AWAY_AND_BACK -> copies.moveAwayAndBack();
            case DUMP_AND_READ -> copies.dumpAndRead();
            case COPY_THERE_AND_BACK -> copies.copyThereAndBack();

            case REDEPLOY -> deploys.redeploy();
            case KILL_AND_DEPLOY -> deploys.killAndDeploy();
            case CHANGE_STAGE -> deploys.changeStage();
            case UNDEPLOY -> deploys.undeploy();
            case UNINSTALL_AND_DEPLOY -> deploys.uninstallAndDeploy();
            case RESTART_A_NODE -> deploys.restartANode();
            case CUT_ALL_CONNECTIONS -> deploys.cutAllConnections();
            case TIME_PASSES -> deploys.timePasses();
            case CLOCK_JUMPS -> deploys.clockJumps();
        };
    }

    /** Before our app, if it is there, is asked again. */
    void theOldAppGoesOn() {
        List<Step> there =
                Step.THERE.stream().filter(world.kind.steps()::contains).toList();
        for (int i = world.random.nextInt(4); i > 0; i--) {
            step(world.some(there));
        }
    }

    /** Deployed for a few steps, and away again. */
    void goOnFor(int steps) {
        nodes.deploy();
        checks.check();
        goOnAnywhere(steps);
        nodes.undeploy();
    }

    /** For a few steps that may happen on any database. */
    void goOnAnywhere(int steps) {
        for (int i = world.random.nextInt(steps); i > 0; i--) {
            step(world.some(Step.ANYWHERE));
            checks.check();
        }
    }
}
