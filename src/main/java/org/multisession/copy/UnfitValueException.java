package org.multisession.copy;

/** A value that a column of the target cannot hold. Neither text contains the value, which may be a token. */
final class UnfitValueException extends Exception {

    private final String remedy;

    /** @param why what it is, as "is text, not a whole number" */
    UnfitValueException(String why, String remedy) {
        super(why, null, false, false);
        this.remedy = remedy;
    }

    String why() {
        return String.valueOf(getMessage());
    }

    String remedy() {
        return remedy;
    }
}
