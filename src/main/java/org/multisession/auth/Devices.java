package org.multisession.auth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.multisession.session.Client;
import org.multisession.session.DeviceDao;
import org.multisession.session.EndReason;
import org.multisession.session.LegacyUseDao;
import org.multisession.session.SignInDao;
import org.multisession.session.UserSession;
import org.multisession.token.SessionId;
import org.multisession.token.SessionToken;
import org.multisession.token.StoredToken;

/**
 * The devices of a user, and how one of them signs out another. It only ever looks at the user's own devices, so the id
 * of somebody else's is unknown here.
 */
public final class Devices {

    /**
     * A device that is signed in.
     *
     * @param via whether it is a session, or the legacy token, by which several old devices may be signed in
     * @param isCurrent whether the request came by it
     * @param isShared whether several devices may hold it
     * @param device what the client called itself; null if it was never told, or for several
     */
    public record Device(
            SessionId id,
            SignedIn.Via via,
            boolean isCurrent,
            boolean isShared,
            @Nullable String device,
            @Nullable String address,
            @Nullable Instant createdAt,
            @Nullable Instant lastSeenAt) {}

    /** The outcome of ending one, which may be the device of this request itself. */
    public enum Ended {
        THIS,
        ANOTHER,
        UNKNOWN,
        /** Nothing was ended: it is another one, and the user has to prove first who they are. */
        PROOF_NEEDED
    }

    /** A device that became one of the user's after the one that asks. */
    public record NewSignIn(Device device, Instant at) {}

    /** For how long a sign-in is shown to the user's other devices. */
    public static final Duration NEWS = Duration.ofDays(30);

    private static final int MAX_NEWS = 20;

    private final Database database;
    private final Sessions sessions;
    private final LegacyTokens legacyTokens;
    private final Freshness freshness;
    private final InstantSource clock;

    public Devices(
            Database database, Sessions sessions, LegacyTokens legacyTokens, Freshness freshness, InstantSource clock) {
        this.database = database;
        this.sessions = sessions;
        this.legacyTokens = legacyTokens;
        this.freshness = freshness;
        this.clock = clock;
    }

    /**
     * Some of a user's devices.
     *
     * @param current this device; null if it has ended since the request was let in
     * @param others those of this page, by last use, the latest first
     * @param number of the page, from 1
     * @param othersInAll how many there are on all pages
     */
    public record Page(@Nullable Device current, List<Device> others, int number, int pages, int othersInAll) {}

    /** All of the user's: this device first, then by last use, the latest first. */
    public List<Device> of(SignedIn current) {
        return database.read(handle -> described(handle, found(handle, current, clock.instant())));
    }

    /** The one with this id; null if the user has none. */
    public @Nullable Device find(SignedIn current, String id) {
        return database.find(handle -> {
            List<Found> found = found(handle, current, clock.instant()).stream()
                    .filter(one -> one.id().text().equals(id))
                    .toList();
            return found.isEmpty() ? null : described(handle, found).get(0);
        });
    }

    /**
     * The devices that signed in here within {@link #NEWS}, after this one and after a moment, the latest first. An old
     * device, whose token was a legacy token, came before all of them.
     *
     * @param after the latest of them that this device was told of; null if it was told of none
     */
    public List<NewSignIn> newSignIns(SignedIn current, @Nullable Instant after) {
        UserSession session = current.session();
        // While sign-ins adopt legacy tokens, one that is no session yet has seen no sign-in after it.
        if (session == null ? legacyTokens.areMirrored() : !session.mayHaveLaterSignIns()) {
            return List.of();
        }
        return database.read(handle -> newSignIns(handle, current, after, clock.instant()));
    }

    private List<NewSignIn> newSignIns(Handle handle, SignedIn current, @Nullable Instant after, Instant now) {
        Map<String, Instant> arrivals = new LinkedHashMap<>();
        for (SignInDao.Arrival arrival : sessions.arrivedAfter(handle, current, now.minus(NEWS), MAX_NEWS)) {
            if ((after == null || arrival.at().isAfter(after)) && !SqlTime.isAhead(arrival.at(), now)) {
                arrivals.put(SessionId.of(arrival.tokenHash()).text(), arrival.at());
            }
        }
        List<Found> found = arrivals.isEmpty()
                ? List.of()
                : found(handle, current, now).stream()
                        .filter(one -> arrivals.containsKey(one.id().text()))
                        .toList();
        return described(handle, found).stream()
                .map(device -> new NewSignIn(
                        device, Objects.requireNonNull(arrivals.get(device.id().text()))))
                .sorted(Comparator.comparing(NewSignIn::at).reversed())
                .toList();
    }

    /** How many there are. */
    public int count(SignedIn current) {
        return database.read(handle -> found(handle, current, clock.instant()).size());
    }

    /** The same in pages of so many others, this device on each; a number that no page has leads to the nearest. */
    public Page page(SignedIn current, int number, int size) {
        return database.read(handle -> {
            List<Found> all = found(handle, current, clock.instant());
            List<Found> own = all.stream().filter(Found::isCurrent).toList();
            List<Found> others = all.subList(own.size(), all.size());
            int pages = Math.max(1, (others.size() + size - 1) / size);
            int nearest = Math.max(1, Math.min(number, pages));
            List<Found> shown = others.subList((nearest - 1) * size, Math.min(nearest * size, others.size()));
            List<Device> described = described(handle, own);
            return new Page(
                    described.isEmpty() ? null : described.get(0),
                    described(handle, shown),
                    nearest,
                    pages,
                    others.size());
        });
    }

    /** A session or a legacy token (exactly one of the two is there), before its device is looked up. */
    private record Found(
            @Nullable UserSession session,
            @Nullable SessionToken legacy,
            LegacyUseDao.@Nullable Use use,
            boolean isCurrent,
            @Nullable Instant lastSeenAt) {

        SessionId id() {
            return SessionId.of(
                    session != null
                            ? session.token().hash()
                            : Objects.requireNonNull(legacy).hash());
        }
    }

    private List<Found> found(Handle handle, SignedIn current, Instant now) {
        List<Found> found = new ArrayList<>();
        for (UserSession session : sessions.live(handle, current.user(), now)) {
            boolean isCurrent = isCurrent(session.token().hash(), current);
            found.add(new Found(session, null, null, isCurrent, isCurrent ? now : session.lastSeenAt()));
        }
        SessionToken legacy = legacyTokens.of(handle, current.user());
        if (legacy != null) {
            LegacyUseDao.Use use = legacyTokens.use(handle, legacy);
            boolean isCurrent = isCurrent(legacy.hash(), current);
            found.add(new Found(null, legacy, use, isCurrent, isCurrent ? now : use.last()));
        }
        found.sort(Comparator.comparing(Found::isCurrent)
                .thenComparing(Found::lastSeenAt, Comparator.nullsFirst(Comparator.naturalOrder()))
                .reversed());
        return found;
    }

    private List<Device> described(Handle handle, List<Found> found) {
        Map<StoredToken, DeviceDao.Device> known = sessions.devices(
                handle,
                found.stream().map(Found::session).filter(Objects::nonNull).toList());
        List<Device> described = new ArrayList<>();
        for (Found one : found) {
            UserSession session = one.session();
            described.add(
                    session == null
                            ? legacy(one)
                            : device(session, Objects.requireNonNull(known.get(session.token())), one));
        }
        return described;
    }

    /**
     * Ends one of the user's devices; it is refused from the next request on. The users table is not written. The device
     * of this request itself ends without a question.
     */
    public Ended end(SignedIn current, String id, Client by) {
        // Looked up on a reader first: invented ids must not take the write lock.
        Optional<Found> found = database.read(reading -> found(reading, current, clock.instant()).stream()
                .filter(one -> one.id().text().equals(id))
                .findFirst());
        if (found.isEmpty()) {
            return Ended.UNKNOWN;
        }
        return !found.get().isCurrent() && freshness.isProofNeeded(current)
                ? Ended.PROOF_NEEDED
                : endForGood(current, id, by);
    }

    private Ended endForGood(SignedIn current, String id, Client by) {
        return database.write(transaction -> {
            Instant now = clock.instant();
            for (UserSession session : sessions.live(transaction, current.user(), now)) {
                if (session.id().text().equals(id)) {
                    boolean isCurrent = isCurrent(session.token().hash(), current);
                    sessions.end(transaction, session, isCurrent ? EndReason.SIGNED_OUT : EndReason.REVOKED, by, now);
                    return isCurrent ? Ended.THIS : Ended.ANOTHER;
                }
            }
            SessionToken legacy = legacyTokens.of(transaction, current.user());
            if (legacy != null && SessionId.of(legacy.hash()).text().equals(id)) {
                sessions.endLegacy(transaction, current.user(), legacy, EndReason.REVOKED, by, now);
                return isCurrent(legacy.hash(), current) ? Ended.THIS : Ended.ANOTHER;
            }
            return Ended.UNKNOWN;
        });
    }

    /**
     * Ends all but the one of this request; returns how many, or nothing if the user has to prove first who they are. Many
     * end in several transactions, and what has ended before an interruption stays ended.
     */
    public OptionalInt endOthers(SignedIn current, Client by) {
        return freshness.isProofNeeded(current) ? OptionalInt.empty() : OptionalInt.of(endAllOthers(current, by));
    }

    private int endAllOthers(SignedIn current, Client by) {
        return database.vendor().isServer() ? endOthersApart(current, by) : endOthersTogether(current, by);
    }

    /**
     * Whoever locked several on a server would be in a deadlock with an old app that ends all of the user's, which might be
     * the one that fails.
     */
    private int endOthersApart(SignedIn current, Client by) {
        int ended = database.write(transaction -> endOldDevices(transaction, current, by));
        for (UserSession other : database.read(handle -> others(handle, current))) {
            boolean isEnded = database.<Boolean>write(transaction -> {
                // It may have ended since.
                UserSession session = sessions.find(transaction, other.token());
                return session != null && end(transaction, session, by);
            });
            ended += isEnded ? 1 : 0;
        }
        return ended;
    }

    private int endOthersTogether(SignedIn current, Client by) {
        int all = 0;
        int ended;
        do {
            ended = database.write(transaction -> endSomeOthers(transaction, current, by));
            all += ended;
        } while (ended >= Sessions.MOST_AT_ONCE);
        return all;
    }

    private int endSomeOthers(Transaction transaction, SignedIn current, Client by) {
        int ended = endOldDevices(transaction, current, by);
        for (UserSession session : others(transaction, current)) {
            if (ended < Sessions.MOST_AT_ONCE) {
                ended += end(transaction, session, by) ? 1 : 0;
            }
        }
        return ended;
    }

    private List<UserSession> others(Handle handle, SignedIn current) {
        return sessions.live(handle, current.user(), clock.instant()).stream()
                .filter(session -> !isCurrent(session.token().hash(), current))
                .toList();
    }

    private boolean end(Transaction transaction, UserSession other, Client by) {
        return sessions.end(transaction, other, EndReason.REVOKED, by, clock.instant());
    }

    /** Ends the token that old devices share, if this is none of them. */
    private int endOldDevices(Transaction transaction, SignedIn current, Client by) {
        SessionToken legacy = legacyTokens.of(transaction, current.user());
        if (legacy == null || isCurrent(legacy.hash(), current)) {
            return 0;
        }
        sessions.endLegacy(transaction, current.user(), legacy, EndReason.REVOKED, by, clock.instant());
        return 1;
    }

    private static Device device(UserSession session, DeviceDao.Device device, Found found) {
        return new Device(
                found.id(),
                SignedIn.Via.SESSION,
                found.isCurrent(),
                device.shared(),
                device.device(),
                device.address(),
                // Nobody knows when an adopted token was issued.
                device.shared() ? null : session.createdAt(),
                found.isCurrent() || !isUnknown(session, device) ? found.lastSeenAt() : null);
    }

    /** Whether the row had to be given some time when its token was adopted. */
    private static boolean isUnknown(UserSession session, DeviceDao.Device device) {
        return device.shared() && session.recordedAt().equals(session.lastSeenAt());
    }

    private static Device legacy(Found found) {
        LegacyUseDao.Use use = Objects.requireNonNull(found.use());
        return new Device(
                found.id(),
                SignedIn.Via.LEGACY,
                found.isCurrent(),
                true,
                null,
                use.address(),
                null,
                found.lastSeenAt());
    }

    /** By the token: a legacy one may have become a session since the request was let in. */
    private static boolean isCurrent(String tokenHash, SignedIn current) {
        return current.token().hash().equals(tokenHash);
    }
}
