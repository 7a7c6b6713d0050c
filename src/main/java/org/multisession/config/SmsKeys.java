package org.multisession.config;

import java.util.Optional;
import org.multisession.otp.HttpSender.Gateway;

/** How codes are delivered. */
final class SmsKeys {

    static final Keys KEYS = new Keys("sms.");

    private enum Sender {
        LOG,
        HTTP
    }

    private static final Setting<Sender> SENDER = KEYS.choice(
            "sender",
            Sender.LOG,
            "`log`: codes go to Tomcat's log, for trying it out. `http`: codes go to a gateway, see [gateways](#gateways)");

    private static final Setting<Optional<String>> HOST = KEYS.optional(
            "host",
            "the host name of the sign-in page, such as id.example.com",
            "The message names it, so that phones fill in the code there and nowhere else. Required with `http`",
            HostName::require);

    private static final GatewayKeys HTTP = new GatewayKeys(KEYS, "http", "The gateway's address");
    private static final GatewayKeys FALLBACK = new GatewayKeys(
            KEYS,
            "fallback",
            "The address of a second gateway. It gets messages that the first has certainly not accepted, because it refused"
                    + " them or could not be reached");

    private SmsKeys() {}

    static Settings.Sms sms(SettingReader reader) {
        Sender sender = reader.get(SENDER);
        String host = reader.optional(HOST).orElse(null);
        Gateway gateway = HTTP.gateway(reader);
        Gateway fallback = FALLBACK.gateway(reader);
        if (sender == Sender.LOG) {
            if (FALLBACK.isSet(reader)) {
                reader.fault(FALLBACK.url().key() + " needs " + SENDER.key() + " = http");
            }
            return new Settings.Sms(host, null, null);
        }
        if (!HTTP.isSet(reader)) {
            reader.fault(SENDER.key() + " = http needs " + HTTP.url().key());
        }
        if (host == null && !reader.isSet(HOST)) {
            // The sender of a request chooses its Host header, and would thereby choose the site that gets the code.
            reader.fault(SENDER.key() + " = http needs " + HOST.key()
                    + ": phones offer the code to the site that the message names");
        }
        HTTP.judge(reader, gateway);
        if (!FALLBACK.isSet(reader)) {
            return new Settings.Sms(host, gateway, null);
        }
        FALLBACK.judge(reader, fallback);
        return new Settings.Sms(host, gateway, fallback);
    }
}
