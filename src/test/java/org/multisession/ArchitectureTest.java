package org.multisession;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.sql.SQLException;
import java.time.Clock;
import java.time.InstantSource;
import java.util.Date;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.multisession.auth.Sessions;
import org.multisession.session.UserSessionDao;

/** The structure that package-info promises. */
class ArchitectureTest {
    /** From where it was compiled to, whatever the folder of the tests is called. */
    private static final JavaClasses APPLICATION = new ClassFileImporter()
            .importUrl(Product.class.getProtectionDomain().getCodeSource().getLocation())
            .that(resideInAPackage("org.multisession.."));

    @Test
    void dependenciesPointOneWay() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .withOptionalLayers(true)
                .layer("launcher")
                .definedBy("org.multisession.launcher..")
                .layer("cli")
                .definedBy("org.multisession.cli..")
                .layer("boot")
                .definedBy("org.multisession.boot..")
                .layer("web")
                .definedBy("org.multisession.web..")
                .layer("auth")
                .definedBy("org.multisession.auth..")
                .layer("session")
                .definedBy("org.multisession.session..")
                .layer("user")
                .definedBy("org.multisession.user..")
                .layer("otp")
                .definedBy("org.multisession.otp..")
                .layer("migration")
                .definedBy("org.multisession.migration..")
                .layer("check")
                .definedBy("org.multisession.check..")
                .layer("copy")
                .definedBy("org.multisession.copy..")
                .layer("config")
                .definedBy("org.multisession.config..")
                .layer("db")
                .definedBy("org.multisession.db..")
                .layer("metrics")
                .definedBy("org.multisession.metrics..")
                .layer("phone")
                .definedBy("org.multisession.phone..")
                .layer("token")
                .definedBy("org.multisession.token..")
                .whereLayer("launcher")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("cli")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("boot")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("config")
                .mayOnlyBeAccessedByLayers("boot", "cli")
                .whereLayer("metrics")
                .mayOnlyBeAccessedByLayers("boot")
                .whereLayer("check")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("copy")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("web")
                .mayOnlyBeAccessedByLayers("boot", "config")
                .whereLayer("migration")
                .mayOnlyBeAccessedByLayers("boot", "cli", "check", "copy")
                .whereLayer("auth")
                .mayOnlyBeAccessedByLayers("boot", "metrics", "config", "web", "cli")
                .whereLayer("session")
                .mayOnlyBeAccessedByLayers("boot", "metrics", "config", "web", "auth", "check", "cli")
                .whereLayer("otp")
                .mayOnlyBeAccessedByLayers("boot", "metrics", "config", "web", "auth")
                .whereLayer("user")
                .mayOnlyBeAccessedByLayers("boot", "web", "auth", "session", "check", "cli")
                .whereLayer("db")
                .mayOnlyBeAccessedByLayers(
                        "boot", "metrics", "cli", "check", "copy", "web", "auth", "session", "otp", "user", "migration")
                .whereLayer("phone")
                .mayOnlyBeAccessedByLayers(
                        "boot", "cli", "check", "config", "web", "auth", "session", "otp", "user", "migration")
                .whereLayer("token")
                .mayOnlyBeAccessedByLayers(
                        "boot", "cli", "check", "config", "web", "auth", "session", "otp", "user", "migration", "db")
                .allowEmptyShould(true)
                .check(APPLICATION);
    }

    @Test
    void onlyDaosSpeakSql() {
        noClasses()
                .that()
                // With what is nested in them.
                .haveNameNotMatching(".*Dao(\\$.*)?")
                .and()
                .resideOutsideOfPackages(
                        "org.multisession.db..",
                        "org.multisession.migration..",
                        "org.multisession.check..",
                        "org.multisession.copy..",
                        "org.multisession.boot..")
                .should()
                // The exception alone may pass through a transaction of several DAOs on its way up.
                .dependOnClassesThat(
                        resideInAnyPackage("java.sql..", "javax.sql..").and(not(assignableTo(SQLException.class))))
                .allowEmptyShould(true)
                .check(APPLICATION);
    }

    /** What fails there says which statement it was, and never with which values. */
    @Test
    void statementsOfSessionsAndCodesHaveNames() {
        noClasses()
                .that()
                .resideInAnyPackage("org.multisession.session..", "org.multisession.otp..", "org.multisession.auth..")
                .should()
                .dependOnClassesThat(resideInAPackage("java.sql..").and(not(assignableTo(SQLException.class))))
                .check(APPLICATION);
    }

    /** Another database is another package of this kind. */
    @Test
    void onlyItsOwnPackageKnowsADriver() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.multisession.db.sqlite..")
                .should()
                .dependOnClassesThat(resideInAPackage("org.sqlite.."))
                .check(APPLICATION);
        noClasses()
                .that()
                .resideOutsideOfPackage("org.multisession.db.postgres..")
                .should()
                .dependOnClassesThat(resideInAPackage("org.postgresql.."))
                .check(APPLICATION);
    }

    @Test
    void noDatabaseIsKnownToWhatIsTheSameForAll() {
        noClasses()
                .that()
                .resideInAPackage("org.multisession.db")
                .should()
                .dependOnClassesThat(resideInAPackage("org.multisession.db.*.."))
                .check(APPLICATION);
    }

    /** To end a session and to record it are one act, so there is one place that can do either. */
    @Test
    void sessionsEndInOnePlaceWhichRecordsIt() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(Sessions.class.getName())
                .should()
                .accessTargetWhere(describe(
                        "the row of a session ends",
                        access -> access.getTarget().getOwner().isEquivalentTo(UserSessionDao.class)
                                && Set.of("end", "refuseForEver")
                                        .contains(access.getTarget().getName())))
                .check(APPLICATION);
    }

    @Test
    void onlyTheWebKnowsServlets() {
        noClasses()
                .that()
                .resideOutsideOfPackages("org.multisession.web..", "org.multisession.boot..")
                .should()
                .dependOnClassesThat(resideInAPackage("jakarta.servlet.."))
                .allowEmptyShould(true)
                .check(APPLICATION);
    }

    /** From a shell there is no Tomcat that would bring them. */
    @Test
    void theCommandLineNeedsNoServlets() {
        noClasses()
                .that()
                .resideInAPackage("org.multisession.cli..")
                .should()
                .transitivelyDependOnClassesThat(resideInAPackage("jakarta.servlet.."))
                .check(APPLICATION);
    }

    @Test
    void theLauncherNeedsNothing() {
        noClasses()
                .that()
                .resideInAPackage("org.multisession.launcher..")
                .should()
                .dependOnClassesThat(resideInAnyPackage("org.multisession.launcher..", "java..", "org.jspecify..")
                        .negate())
                .check(APPLICATION);
    }

    @Test
    void onlyTheWritersOfJsonKnowJackson() {
        noClasses()
                .that()
                .haveNameNotMatching(
                        "org\\.multisession\\.(web\\.api\\.Json|check\\.JsonReport|cli\\.ExportCommand)(\\$.*)?")
                .should()
                .dependOnClassesThat(resideInAPackage("com.fasterxml.jackson.."))
                .allowEmptyShould(true)
                .check(APPLICATION);
    }

    @Test
    void onlyTheMetersKnowMicrometer() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.multisession.metrics..")
                .should()
                .dependOnClassesThat(resideInAnyPackage("io.micrometer..", "io.prometheus.."))
                .check(APPLICATION);
    }

    /** A test can then set the clock of everything else. */
    @Test
    void onlyWhatStartsAsksTheSystemForTheTime() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.multisession.boot..")
                .and()
                .doNotHaveFullyQualifiedName("org.multisession.cli.Main")
                .should()
                .accessTargetWhere(readsTheSystemClock())
                .allowEmptyShould(true)
                .check(APPLICATION);
    }

    private static DescribedPredicate<JavaAccess<?>> readsTheSystemClock() {
        return describe("the system's clock is read", access -> {
            AccessTarget target = access.getTarget();
            String owner = target.getOwner().getName();
            return switch (target.getName()) {
                case "now" -> owner.startsWith("java.time.");
                case "currentTimeMillis" -> owner.equals(System.class.getName());
                case "system" -> owner.equals(InstantSource.class.getName()) || owner.equals(Clock.class.getName());
                case "<init>" -> owner.equals(Date.class.getName()) && isWithoutParameters(target);
                default ->
                    owner.equals(Clock.class.getName())
                            && (target.getName().startsWith("system")
                                    || target.getName().startsWith("tick"));
            };
        });
    }

    private static boolean isWithoutParameters(AccessTarget target) {
        return target instanceof AccessTarget.CodeUnitCallTarget call
                && call.getRawParameterTypes().isEmpty();
    }
}
