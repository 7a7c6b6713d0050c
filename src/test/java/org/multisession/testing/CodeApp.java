package org.multisession.testing;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.AuthEventDao;
import org.multisession.auth.CodeSignIn;
import org.multisession.auth.StrangerTrail;
import org.multisession.db.GroupCommit;
import org.multisession.db.Source;
import org.multisession.otp.ChallengeSecret;
import org.multisession.otp.CodeLimits;
import org.multisession.otp.CodeListener;
import org.multisession.otp.CodeRules;
import org.multisession.otp.CodeTables;
import org.multisession.otp.Delivery;
import org.multisession.otp.OneTimeCodes;
import org.multisession.otp.OneTimeCodes.CodeRequestResult;
import org.multisession.otp.OneTimeCodes.Refusal;
import org.multisession.otp.SmsQueue;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.Client;
import org.multisession.token.Presented;

/** Our app with sign-in by codes, without its web layer; the messages go to {@link #sent}. */
public final class CodeApp implements AutoCloseable {

    /** The rules of the defaults. */
    public static final CodeRules RULES = new CodeRules(
            Duration.ofMinutes(5),
            5,
            Duration.ofMinutes(1),
            new CodeRules.Limits(5, 10, 20, 100, 5000, 100, 10),
            Delivery.PLAIN);

    /** How many requests and challenges of strangers are kept: few, so that a test can overrun them. */
    public static final int MAX_STRANGERS = 100;

    /** The address of the tests' one browser, where a test does not say another. */
    public static final String HOME = "192.0.2.1";

    public final NewApp app;
    public final SentCodes sent = new SentCodes();
    public final CountedMessages messages = new CountedMessages();
    public final SmsQueue queue;
    public final CodeLimits limits;
    public final CodeSignIn codes;

    private boolean isBorrowed;

    /** What happens where commits of requests for codes have to wait for their turn. */
    public volatile Runnable whileAsksRest = () -> {};

    private CodeApp(NewApp app, CodeRules rules, InstantSource clock, SecureRandom random) {
        this.app = app;
        CodeTables tables = new CodeTables(MAX_STRANGERS);
        this.queue = new SmsQueue(sent, messages);
        this.limits = new CodeLimits(tables.requests(), rules);
        GroupCommit asks = new GroupCommit(
                app.database,
                clock instanceof TestClock test ? test::nanos : System::nanoTime,
                nanos -> whileAsksRest.run());
        GroupCommit tries = new GroupCommit(app.database, System::nanoTime, nanos -> {});
        this.codes = new CodeSignIn(
                tries,
                new OneTimeCodes(app.database, asks, tables, rules, limits, queue, random, clock, CodeListener.NONE),
                app.signIn,
                app.owners,
                new PhoneNumbers("RU"),
                new StrangerTrail(app.database, new AuthEventDao(), clock));
    }

    /** Deploys for known numbers only. */
    public static CodeApp deploy(Source source, CodeRules rules, InstantSource clock) {
        return new CodeApp(NewApp.deploy(source, clock), rules, clock, new SecureRandom());
    }

    /** The same with codes by this source of chance. */
    public static CodeApp deploy(Source source, CodeRules rules, InstantSource clock, SecureRandom random) {
        return new CodeApp(NewApp.deploy(source, clock), rules, clock, random);
    }

    /** Deploys for everybody. */
    public static CodeApp deployOpen(Source source, CodeRules rules, InstantSource clock) {
        return new CodeApp(NewApp.deployOpen(source, clock), rules, clock, new SecureRandom());
    }

    /** Over an app that is deployed; closing this leaves that one deployed. */
    public static CodeApp over(NewApp app, CodeRules rules, InstantSource clock) {
        CodeApp over = new CodeApp(app, rules, clock, new SecureRandom());
        over.isBorrowed = true;
        return over;
    }

    /** Asks for a code from {@link #HOME}. */
    public CodeRequestResult ask(String phone) {
        return ask(phone, HOME, null);
    }

    /** Asks for a code from an address, with the secret of an earlier challenge or without. */
    public CodeRequestResult ask(String phone, String address, @Nullable ChallengeSecret held) {
        return askHolding(phone, address, held == null ? List.of() : List.of(held));
    }

    /** The same with the secrets of several, the latest first. */
    public CodeRequestResult askHolding(String phone, String address, List<ChallengeSecret> held) {
        return codes.ask(NewApp.number(phone), client(address), held, code -> "Code: " + code);
    }

    /** Asks for a code, which must be given. */
    public ChallengeSecret challenge(String phone) {
        return challenged(ask(phone));
    }

    /** Asks for another code from {@link #HOME} by the secret alone, as the code page's button does. */
    public @Nullable CodeRequestResult askAgain(ChallengeSecret held) {
        return codes.askAgain(held, client(HOME), code -> "Code: " + code);
    }

    /** The secret of a challenge, which this must be. */
    public static ChallengeSecret challenged(@Nullable CodeRequestResult asked) {
        if (asked instanceof CodeRequestResult.Challenged challenged) {
            return challenged.secret();
        }
        throw new AssertionError("asking for a code ended as " + asked);
    }

    /** The limit that was hit, which this must be. */
    public static CodeLimits.LimitExceeded limited(@Nullable CodeRequestResult asked) {
        if (asked instanceof CodeRequestResult.Limited limited) {
            return limited.hit();
        }
        throw new AssertionError("asking for a code ended as " + asked);
    }

    /** Tries a code from {@link #HOME}. */
    public CodeSignIn.Result attempt(ChallengeSecret secret, String code) {
        return attempt(secret, code, HOME);
    }

    /** Tries a code from an address. */
    public CodeSignIn.Result attempt(ChallengeSecret secret, String code, String address) {
        return codes.signIn(secret, code, client(address), Presented.NOTHING);
    }

    /** Tries a code, which must be right, and gives the token of the new session. */
    public String signIn(ChallengeSecret secret, String code) {
        if (attempt(secret, code) instanceof CodeSignIn.Result.Started started) {
            return started.session().token().value();
        }
        throw new AssertionError("the code was refused");
    }

    /** Tries a code, which must be refused, and gives the reason. */
    public Refusal refusal(ChallengeSecret secret, String code) {
        if (attempt(secret, code) instanceof CodeSignIn.Result.Refused refused) {
            return refused.why();
        }
        throw new AssertionError("the code was accepted");
    }

    /** Asks for a code, reads the message, signs in, and gives the token. */
    public String signIn(String phone) {
        ChallengeSecret secret = challenge(phone);
        return signIn(secret, Objects.requireNonNull(sent.next()).code());
    }

    private static Client client(String address) {
        return new Client(address, "a test");
    }

    /** Another code than this one. */
    public static String notThis(String code) {
        return "%06d".formatted((Integer.parseInt(code) + 1) % 1_000_000);
    }

    @Override
    public void close() {
        queue.close();
        if (!isBorrowed) {
            app.close();
        }
    }
}
