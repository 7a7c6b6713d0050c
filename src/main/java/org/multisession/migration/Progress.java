package org.multisession.migration;

/** Is told how far a long step has come, so that whoever waits for it can see it moving. */
@FunctionalInterface
public interface Progress {

    Progress NONE = (step, done, total) -> {};

    /**
     * Some rows more are done. The step is over when {@code done} is {@code total}; that call comes exactly once.
     *
     * @param step what is being done, as "reading users"
     */
    void at(String step, long done, long total);
}
