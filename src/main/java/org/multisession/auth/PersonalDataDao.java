package org.multisession.auth;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Row;
import org.multisession.db.Sql;
import org.multisession.db.Transaction;
import org.multisession.token.SessionId;
import org.multisession.token.StoredToken;

/** What our own tables hold of one user, to be shown or removed. Never returns a token, a hash or a secret. */
final class PersonalDataDao {

    private static final Sql NUMBERS = Sql.of("numbers of a user", """
            SELECT number FROM multisession_phones WHERE user_id = :user AND number IS NOT NULL
            """);

    private static final Sql TOKENS = Sql.of("ended tokens of a user", """
            SELECT auth_token, recorded_at, ended_at, end_reason FROM multisession_tokens
            WHERE user_id = :user AND ended_at IS NOT NULL
            """);

    private static final Sql ROWS =
            Sql.of("rows of a user's sessions", "SELECT auth_token FROM user_sessions WHERE user_id = :user");

    private static final Sql ENDED_BY =
            Sql.of("what ended a session", "SELECT ended_by FROM multisession_devices WHERE token_hash = :hash");

    private static final Sql LEGACY_USES = Sql.of("uses of legacy tokens of a user", """
            SELECT token_hash, first_used_at, last_used_at, address FROM multisession_legacy_uses WHERE user_id = :user
            """);

    private static final Sql EVENTS = Sql.of("events of a user", """
            SELECT occurred_at, kind, outcome, address, device FROM auth_events WHERE user_id = :user ORDER BY occurred_at
            """);

    private static final Sql REQUESTS = Sql.of("codes asked for by a number", """
            SELECT requested_at, network, sent, used FROM multisession_code_requests WHERE number = :number
            UNION ALL
            SELECT requested_at, network, 0, 0 FROM multisession_stranger_requests WHERE number = :number
            """);

    private static final Sql CHALLENGES = Sql.of("challenges of a number", """
            SELECT sent_at, code_expires_at FROM multisession_challenges WHERE number = :number
            UNION ALL
            SELECT sent_at, code_expires_at FROM multisession_stranger_challenges WHERE number = :number
            """);

    private static final Sql BROWSERS = Sql.of("browsers known to a number", """
            SELECT network, used_at FROM multisession_known_browsers WHERE number = :number
            """);

    /** The token stays, since it must never open an account again; whose it was does not. */
    private static final Sql FORGET_OWNER = Sql.of("forget whose an ended token was", """
            UPDATE multisession_tokens SET user_id = NULL WHERE auth_token = :token AND ended_at IS NOT NULL
            """);

    private static final Sql FORGET_DEVICE =
            Sql.of("forget a device", "DELETE FROM multisession_devices WHERE token_hash = :hash");

    private static final Sql FORGET_LEGACY_USE = Sql.of(
            "forget the uses of a legacy token", "DELETE FROM multisession_legacy_uses WHERE token_hash = :hash");

    private static final Sql FORGET_EVENTS = Sql.of("forget events of a user", """
            DELETE FROM auth_events WHERE id IN (SELECT id FROM auth_events WHERE user_id = :user LIMIT :most)
            """);

    private static final Sql FORGET_SIGN_INS =
            Sql.of("forget sign-ins of a user", "DELETE FROM multisession_sign_ins WHERE user_id = :user");

    private static final List<Sql> FORGET_NUMBER = List.of(
            Sql.of("forget codes of a number", "DELETE FROM multisession_code_requests WHERE number = :number"),
            Sql.of(
                    "forget a stranger's codes of a number",
                    "DELETE FROM multisession_stranger_requests WHERE number = :number"),
            Sql.of("forget challenges of a number", "DELETE FROM multisession_challenges WHERE number = :number"),
            Sql.of(
                    "forget a stranger's challenges of a number",
                    "DELETE FROM multisession_stranger_challenges WHERE number = :number"),
            Sql.of("forget browsers of a number", "DELETE FROM multisession_known_browsers WHERE number = :number"));

    /** The numbers that a user's row means; usually one. */
    List<String> numbers(Handle handle, long userId) {
        return handle.query(NUMBERS).bind("user", userId).list(row -> row.requiredText("number"));
    }

    /** The tokens of a user that have ended. */
    List<StoredToken> endedTokens(Handle handle, long userId) {
        return tokens(handle, TOKENS, userId);
    }

    /** The tokens in the rows of a user, whatever they open. */
    List<StoredToken> tokensInRows(Handle handle, long userId) {
        return tokens(handle, ROWS, userId);
    }

    private static List<StoredToken> tokens(Handle handle, Sql sql, long userId) {
        List<StoredToken> tokens = new ArrayList<>();
        handle.query(sql).bind("user", userId).forEach(row -> {
            if (row.value("auth_token") instanceof String token) {
                tokens.add(new StoredToken(token));
            }
        });
        return tokens;
    }

    /** The same as they are shown. */
    List<Map<String, Object>> ended(Handle handle, long userId) {
        return handle.query(TOKENS).bind("user", userId).list(row -> {
            String hash = new StoredToken(row.requiredText("auth_token")).hash();
            String by = handle.query(ENDED_BY)
                    .bind("hash", hash)
                    .optional(device -> device.text("ended_by"))
                    .orElse(null);
            return members(
                    "id", SessionId.of(hash).text(),
                    "knownSince", time(row, "recorded_at"),
                    "endedAt", time(row, "ended_at"),
                    "reason", row.text("end_reason"),
                    "endedBy", by);
        });
    }

    List<Map<String, Object>> legacyUses(Handle handle, long userId) {
        return handle.query(LEGACY_USES)
                .bind("user", userId)
                .list(row -> members(
                        "firstUsedAt", time(row, "first_used_at"),
                        "lastUsedAt", time(row, "last_used_at"),
                        "address", row.text("address")));
    }

    List<String> hashesOfLegacyUses(Handle handle, long userId) {
        return handle.query(LEGACY_USES).bind("user", userId).list(row -> row.requiredText("token_hash"));
    }

    List<Map<String, Object>> events(Handle handle, long userId) {
        return handle.query(EVENTS)
                .bind("user", userId)
                .list(row -> members(
                        "at", time(row, "occurred_at"),
                        "kind", row.text("kind"),
                        "outcome", row.text("outcome"),
                        "address", row.text("address"),
                        "device", row.text("device")));
    }

    List<Map<String, Object>> codeRequests(Handle handle, Set<String> numbers) {
        return ofNumbers(
                handle,
                REQUESTS,
                numbers,
                row -> members(
                        "at", time(row, "requested_at"),
                        "network", row.text("network"),
                        "sent", row.flag("sent"),
                        "used", row.flag("used")));
    }

    List<Map<String, Object>> challenges(Handle handle, Set<String> numbers) {
        return ofNumbers(
                handle,
                CHALLENGES,
                numbers,
                row -> members("sentAt", time(row, "sent_at"), "expiresAt", time(row, "code_expires_at")));
    }

    List<Map<String, Object>> knownBrowsers(Handle handle, Set<String> numbers) {
        return ofNumbers(
                handle,
                BROWSERS,
                numbers,
                row -> members("network", row.text("network"), "usedAt", time(row, "used_at")));
    }

    private static List<Map<String, Object>> ofNumbers(
            Handle handle, Sql sql, Set<String> numbers, Function<Row, Map<String, Object>> mapper) {
        List<Map<String, Object>> rows = new ArrayList<>();
        numbers.forEach(
                number -> rows.addAll(handle.query(sql).bind("number", number).list(mapper)));
        return rows;
    }

    /** Forgets whose this ended token was, and what ended it. */
    void forget(Transaction transaction, StoredToken token) {
        transaction.update(FORGET_OWNER).bind("token", token.text()).run();
        transaction.update(FORGET_DEVICE).bind("hash", token.hash()).run();
    }

    void forgetLegacyUse(Transaction transaction, String hash) {
        transaction.update(FORGET_LEGACY_USE).bind("hash", hash).run();
    }

    /** Removes some of the user's events; returns how many. */
    int forgetEvents(Transaction transaction, long userId, int most) {
        return transaction
                .update(FORGET_EVENTS)
                .bind("user", userId)
                .bind("most", most)
                .run();
    }

    void forgetSignIns(Transaction transaction, long userId) {
        transaction.update(FORGET_SIGN_INS).bind("user", userId).run();
    }

    void forgetNumber(Transaction transaction, String number) {
        FORGET_NUMBER.forEach(
                sql -> transaction.update(sql).bind("number", number).run());
    }

    private static @Nullable String time(Row row, String column) {
        Instant time = row.instant(column);
        return time == null ? null : time.truncatedTo(ChronoUnit.MICROS).toString();
    }

    /** Names and values by turns; a value may be null. */
    static Map<String, Object> members(@Nullable Object... namesAndValues) {
        Map<String, Object> members = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            members.put(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
        }
        return members;
    }
}
