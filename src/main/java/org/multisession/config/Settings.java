package org.multisession.config;

import java.nio.file.Files;
import java.nio.file.Path;
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
 * Everything that can be set, read once at deploy. A fault is never replaced by a default: all of them are collected
 * and refused together, and so is a key that does not exist.
 *
 * @param database the SQLite file
 * @param createDatabase whether a missing file may be made
 * @param migrationBackup whether an existing database is copied before something is changed in it
 * @param phoneRegion region of numbers typed without a country code
 */
public record Settings(
        Path database,
        boolean createDatabase,
        int poolSize,
        MigrationBackup migrationBackup,
        Stage stage,
        LoginRules login,
        String phoneRegion,
        CodeRules code,
        Sms sms,
        SessionRules session,
        CookieRules cookie,
        Brand brand,
        Duration auditKeep,
        AddressRanges metricsAllow) {

    /**
     * How codes are delivered.
     *
     * @param host the host name that a message names; null where none leaves the machine
     * @param gateway null for the log
     * @param fallback a second one; null where there is none
     */
    public record Sms(
            @Nullable String host, HttpSender.@Nullable Gateway gateway, HttpSender.@Nullable Gateway fallback) {}

    /** Whether the migration makes a backup before its first change. */
    public enum MigrationBackup {
        AUTO,
        OFF
    }

    /**
     * The settings as they were read.
     *
     * @param effective each effective value with where it came from, secrets masked, for the log
     * @param warnings what may have been meant otherwise, for the log
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
                    MetricsKeys.KEYS)
            .<Setting<?>>flatMap(keys -> keys.all().stream())
            .toList();

    /** Every key, in the order of the table in the documents. */
    public static List<String> keys() {
        return ALL.stream().<String>map(Setting::key).toList();
    }

    /** What they say of the application behind the servlets. */
    public Services.Rules rules() {
        return new Services.Rules(stage, login, session, code, phoneRegion, auditKeep);
    }

    /** Whether a one-time code proves a number at sign-in. */
    public boolean asksForCodes() {
        return login.verification() == Verification.CODE;
    }

    /** Reads all of them, or throws a {@link SetupRefusedException} that names everything that is wrong. */
    public static Read read(SettingSources sources) {
        SettingReader reader = new SettingReader(sources, ALL);
        Settings settings = new Settings(
                DatabaseKeys.file(reader),
                DatabaseKeys.create(reader),
                DatabaseKeys.poolSize(reader),
                DatabaseKeys.backup(reader),
                LoginKeys.stage(reader),
                LoginKeys.rules(reader),
                LoginKeys.region(reader),
                CodeKeys.rules(reader),
                SmsKeys.sms(reader),
                SessionKeys.rules(reader),
                CookieKeys.rules(reader),
                BrandKeys.brand(reader),
                AuditKeys.keep(reader),
                MetricsKeys.allow(reader));
        reader.refuseUnknownKeys();
        reader.judgeNamesWithoutPrefix(DatabaseKeys.URL);
        refuseFaults(reader, settings);
        return new Read(settings, reader.effective(), reader.warnings());
    }

    private static void refuseFaults(SettingReader reader, Settings settings) {
        if (reader.faults().isEmpty()) {
            return;
        }
        // Null after a fault of its own.
        @Nullable Path file = settings.database();
        if (file != null && !settings.createDatabase() && !Files.exists(file)) {
            reader.fault("there is no file " + file);
        }
        throw new SetupRefusedException(reader.faults());
    }
}
