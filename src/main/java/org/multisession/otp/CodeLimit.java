package org.multisession.otp;

/** Why a code is kept back; these names stand in the audit trail and in metrics. */
public enum CodeLimit {
    /** Another code for this number, too soon. */
    RESEND("resend"),
    NUMBER_HOUR("number-hour"),
    NUMBER_DAY("number-day"),
    /** What a stranger gets of a number whose day is used up. */
    NUMBER_RESERVE("number-reserve"),
    ADDRESS_HOUR("address-hour"),
    PREFIX_DAY("prefix-day"),
    TOTAL_DAY("total-day"),
    /** Hardly any code that is sent comes back. */
    BREAKER("breaker"),
    /** No codes go to this country. */
    COUNTRY("country");

    private final String word;

    CodeLimit(String word) {
        this.word = word;
    }

    @Override
    public String toString() {
        return word;
    }
}
