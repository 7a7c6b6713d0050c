package org.multisession.config;

import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.LoginRules;
import org.multisession.auth.LoginRules.Verification;
import org.multisession.auth.Services;
import org.multisession.otp.CodeRules;
import org.multisession.otp.HttpSender;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.web.AddressRanges;
import org.multisession.web.CookieRules;
import org.multisession.web.page.Brand;

/**
 * All settings, read once at deploy. A faulty value is never replaced with the default: all faults are collected and
 * refused together, including keys that do not exist.
 *
 * @param database where it is
 * @param createDatabase whether a missing file may be created
 * @param migrationBackup whether an existing database is copied before its first change
 * @param backupsKept how many of these copies stay
 * @param phoneRegion region of numbers typed without a country code
 * @param drain how long an undeploy waits for load balancers
 */
public record Settings(
        DatabaseLocation database,
        boolean createDatabase,
        int poolSize,
        MigrationBackup migrationBackup,
        int backupsKept,
        Stage stage,
        LoginRules login,
        String phoneRegion,
        CodeRules code,
        Sms sms,
        SessionRules session,
        CookieRules cookie,
        Brand brand,
        Duration auditKeep,
        AddressRanges metricsAllow,
        Duration drain) {

    /**
     * How codes are delivered.
     *
     * @param host the host name in a message; null if no message leaves the machine
     * @param gateway null if codes go to the log
     * @param fallback a second gateway; null if there is none
     */
    public record Sms(
            @Nullable String host, HttpSender.@Nullable Gateway gateway, HttpSender.@Nullable Gateway fallback) {}

    /** Whether the migration makes a backup before its first change. */
    public enum MigrationBackup {
        AUTO,
        OFF
    }

    /**
     * The outcome of reading the settings.
     *
     * @param effective each effective value with where it came from, secrets masked, for the log
     * @param warnings what may be a mistake, for the log
     */
    public record Read(Settings settings, List<String> effective, List<String> warnings) {}

    /** Every key, in the order of the table in the documents. */
    static final List<Setting<?>> ALL = Stream.of(
                    DatabaseKeys.KEYS,
                    LoginKeys.KEYS,
                    CodeKeys.KEYS,
                    SmsKeys.KEYS,
                    SessionKeys.KEYS,
                    CookieKeys.KEYS,
                    BrandKeys.KEYS,
                    AuditKeys.KEYS,
                    MetricsKeys.KEYS,
                    ShutdownKeys.KEYS)
            .<Setting<?>>flatMap(keys -> keys.all().stream())
            .toList();

    /** What is wrong with a path that was given and that no file can have, to be put after it. */
    public static String noFileName() {
        return " has letters that no file's name can have here: this Java runs in the encoding "
                + System.getProperty("sun.jnu.encoding") + ". Start it with LC_ALL=C.UTF-8";
    }

    /** Every key, in the order of the table in the documents. */
    public static List<String> keys() {
        return ALL.stream().<String>map(Setting::key).toList();
    }

    /** The part that the application behind the servlets needs. */
    public Services.Rules rules() {
        return new Services.Rules(stage, login, session, code, phoneRegion, auditKeep);
    }

    /** Whether a one-time code proves a number at sign-in. */
    public boolean asksForCodes() {
        return login.verification() == Verification.CODE;
    }

    /** Reads all settings, or throws a {@link SetupRefusedException} that names every fault. */
    public static Read read(SettingSources sources) {
        SettingReader reader = new SettingReader(sources, ALL);
        Settings settings = new Settings(
                DatabaseKeys.location(reader),
                DatabaseKeys.create(reader),
                DatabaseKeys.poolSize(reader),
                DatabaseKeys.backup(reader),
                DatabaseKeys.backupsKept(reader),
                LoginKeys.stage(reader),
                LoginKeys.rules(reader),
                LoginKeys.region(reader),
                CodeKeys.rules(reader),
                SmsKeys.sms(reader),
                SessionKeys.rules(reader),
                CookieKeys.rules(reader),
                BrandKeys.brand(reader),
                AuditKeys.keep(reader),
                MetricsKeys.allow(reader),
                ShutdownKeys.drain(reader));
        if (reader.faults().isEmpty()) {
            DatabaseKeys.requireTwoConnections(reader, settings.database(), settings.poolSize());
        }
        reader.refuseUnknownKeys();
        reader.judgeNamesWithoutPrefix(DatabaseKeys.URL);
        refuseFaults(reader, settings);
        return new Read(settings, reader.effective(), reader.warnings());
    }

    private static void refuseFaults(SettingReader reader, Settings settings) {
        if (reader.faults().isEmpty()) {
            return;
        }
        // Null if it had a fault itself.
        @Nullable DatabaseLocation location = settings.database();
        if (location instanceof DatabaseLocation.SqlitePath file
                && !settings.createDatabase()
                && !Files.exists(file.path())) {
            reader.fault("there is no file " + file + " (" + DatabaseKeys.URL.key() + ")");
        }
        throw new SetupRefusedException(reader.faults());
    }
}
