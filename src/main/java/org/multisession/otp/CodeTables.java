package org.multisession.otp;

/** What is kept of codes: challenges, requests, and browsers that have used a code before. */
public record CodeTables(ChallengeDao challenges, CodeRequestDao requests, KnownBrowserDao knownBrowsers) {

    public CodeTables() {
        this(new ChallengeDao(), new CodeRequestDao(), new KnownBrowserDao());
    }

    /** Keeps this many of strangers' rows. */
    public CodeTables(int mostStrangers) {
        this(new ChallengeDao(mostStrangers), new CodeRequestDao(mostStrangers), new KnownBrowserDao());
    }
}
