package org.multisession.check;

/** Is told how far a check is. */
@FunctionalInterface
public interface Progress {

    /** Nobody wants to know. */
    Progress NONE = (step, done) -> {};

    /**
     * Called at the beginning of each step, and now and then within it.
     *
     * @param step in words, completing "now …"
     * @param done how many rows of this step are done
     */
    void at(String step, long done);
}
