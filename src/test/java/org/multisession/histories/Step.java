package org.multisession.histories;

import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** What can happen in a history of both apps. */
enum Step {
    SIGN_IN_HERE,
    REGISTER_HERE,
    ASK_FOR_A_CODE,
    TRY_A_CODE,
    SIGN_OUT_HERE,
    END_ANOTHER_DEVICE,
    END_ALL_OTHERS,
    REVOKE,
    FORGET_A_USER,
    LEFT_OUT_BY_A_TRIGGER,
    SWEEP,
    TEND,
    LOOK_AT_EVERYTHING,
    FORGET,
    SIGN_IN_OLD_SINGLE,
    SIGN_IN_OLD_MULTI,
    SIGN_OUT_THERE,
    SIGN_OUT_ALL_THERE,
    RESET_BY_ADMINISTRATOR,
    SHARE_A_TOKEN,
    SEEN_BY_OLD_APP,
    POINT_AT_A_SESSION,
    PUT_BACK_A_ROW,
    MAKE_SESSIONS_OF_TOKENS,
    REPLACE_A_ROW,
    ROTATE_A_TOKEN,
    MOVE_A_ROW_AND_BACK,
    TRUNCATE_SESSIONS,
    IN_ONE_TRANSACTION,
    TIME_PASSES,
    CLOCK_JUMPS,
    DELETE_USER,
    ADD_USER,
    REPLACE_USER,
    MERGE_USERS,
    RENUMBER_A_USER,
    CHANGE_A_NUMBER,
    BACK_UP,
    REDEPLOY,
    KILL_AND_DEPLOY,
    RESTORE,
    MOVE_AWAY_AND_BACK,
    DUMP_AND_READ,
    COPY_THERE_AND_BACK,
    CHANGE_STAGE,
    UNDEPLOY,
    REBUILD_USERS,
    REBUILD_SESSIONS,
    LEAVE_UNWATCHED_FOR_A_WHILE,
    DROP_SESSIONS,
    RENAME_AND_BACK,
    TIDY_UP,
    CHANGE_JOURNAL,
    UNINSTALL_AND_DEPLOY,
    RESTART_A_NODE,
    CUT_ALL_CONNECTIONS;

    /** What the old app and people with a shell do. */
    static final List<Step> THERE = List.of(
            SIGN_IN_OLD_SINGLE,
            SIGN_IN_OLD_MULTI,
            SIGN_OUT_THERE,
            SIGN_OUT_ALL_THERE,
            RESET_BY_ADMINISTRATOR,
            SHARE_A_TOKEN,
            SEEN_BY_OLD_APP,
            POINT_AT_A_SESSION,
            PUT_BACK_A_ROW,
            MAKE_SESSIONS_OF_TOKENS,
            REPLACE_A_ROW,
            ROTATE_A_TOKEN,
            MOVE_A_ROW_AND_BACK,
            TRUNCATE_SESSIONS,
            DELETE_USER,
            ADD_USER,
            REPLACE_USER,
            MERGE_USERS,
            RENUMBER_A_USER,
            CHANGE_A_NUMBER);

    /** Those of them that a transaction may hold, without making others wait. */
    static final List<Step> IN_A_TRANSACTION = THERE.stream()
            .filter(step -> step != TRUNCATE_SESSIONS && step != REPLACE_USER)
            .toList();

    /** What only our app does, which repairs the schema before. */
    static final Set<Step> HERE = EnumSet.range(SIGN_IN_HERE, FORGET);

    /** What happens alike on a database of any kind. */
    static final List<Step> ANYWHERE = List.of(
            SIGN_IN_HERE,
            ASK_FOR_A_CODE,
            TRY_A_CODE,
            SIGN_OUT_HERE,
            END_ANOTHER_DEVICE,
            REVOKE,
            SWEEP,
            SIGN_IN_OLD_SINGLE,
            SIGN_IN_OLD_MULTI,
            SIGN_OUT_THERE,
            SHARE_A_TOKEN,
            SEEN_BY_OLD_APP,
            POINT_AT_A_SESSION,
            ROTATE_A_TOKEN,
            TIME_PASSES,
            DELETE_USER,
            ADD_USER,
            CHANGE_A_NUMBER,
            REDEPLOY);

    /** Deploys cost most of the time that a history takes, and a few are enough. */
    static Step some(List<Step> all, Random random) {
        Step step = all.get(random.nextInt(all.size()));
        return step.compareTo(REDEPLOY) >= 0 && random.nextInt(3) > 0 ? some(all, random) : step;
    }
}
