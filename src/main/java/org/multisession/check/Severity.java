package org.multisession.check;

/** What a finding means for the deploy. */
public enum Severity {
    /** The deploy would sign somebody out, open an account to somebody else, or refuse. */
    NOT_SAFE("not safe"),
    /** Something to fix that the deploy neither causes nor makes worse. */
    WARNING("warning"),
    /** Good to know. */
    NOTE("note");

    private final String text;

    Severity(String text) {
        this.text = text;
    }

    /** In words. */
    public String text() {
        return text;
    }
}
