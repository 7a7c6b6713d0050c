package org.multisession.config;

import org.multisession.web.AddressRanges;

/** What operators' programs may read. */
final class MetricsKeys {

    static final Keys KEYS = new Keys("metrics.");

    private static final Setting<AddressRanges> ALLOW = KEYS.of(
            "allow",
            AddressRanges.LOOPBACK,
            "addresses and networks (10.0.0.0/8), separated by commas, loopback, or none",
            "Who may read `/metrics`, see [operations.md](operations.md#metrics). For everyone else there is"
                    + " nothing at that address",
            AddressRanges::parse);

    private MetricsKeys() {}

    static AddressRanges allow(SettingReader reader) {
        return reader.get(ALLOW);
    }
}
