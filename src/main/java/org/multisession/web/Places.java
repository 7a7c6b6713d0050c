package org.multisession.web;

import java.util.HashMap;
import java.util.Map;

/** Places for slow clients: a few in all, and fewer for each network, so that none takes them all. */
final class Places {

    private final int inAll;
    private final int perNetwork;

    // Guarded by this.
    private final Map<String, Integer> taken = new HashMap<>();
    private int takenInAll;

    Places(int inAll, int perNetwork) {
        this.inAll = inAll;
        this.perNetwork = perNetwork;
    }

    /** Takes a place for somebody in that network; returns false if there is none left. */
    synchronized boolean take(String network) {
        if (takenInAll >= inAll || taken.getOrDefault(network, 0) >= perNetwork) {
            return false;
        }
        taken.merge(network, 1, Integer::sum);
        takenInAll++;
        return true;
    }

    /** Returns a place that was taken for that network. */
    synchronized void giveBack(String network) {
        taken.computeIfPresent(network, (name, count) -> count > 1 ? count - 1 : null);
        takenInAll--;
    }
}
