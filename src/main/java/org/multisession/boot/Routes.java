package org.multisession.boot;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.Servlet;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.SessionTrackingMode;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.multisession.Product;
import org.multisession.auth.Services;
import org.multisession.config.Settings;
import org.multisession.db.Database;
import org.multisession.metrics.Meters;
import org.multisession.web.AuthFilter;
import org.multisession.web.AwaitedFilter;
import org.multisession.web.BodyFilter;
import org.multisession.web.ChallengeCookie;
import org.multisession.web.CodeMessage;
import org.multisession.web.CrossSiteFilter;
import org.multisession.web.DeviceNames;
import org.multisession.web.ErrorFilter;
import org.multisession.web.FlashCookie;
import org.multisession.web.HttpProblemResponder;
import org.multisession.web.Readiness;
import org.multisession.web.RequestIdFilter;
import org.multisession.web.RequestIds;
import org.multisession.web.SecurityHeadersFilter;
import org.multisession.web.SessionCookie;
import org.multisession.web.ToldCookie;
import org.multisession.web.api.CodeApiServlet;
import org.multisession.web.api.CodeRequestApiServlet;
import org.multisession.web.api.DescriptionServlet;
import org.multisession.web.api.HealthServlet;
import org.multisession.web.api.Json;
import org.multisession.web.api.LivenessServlet;
import org.multisession.web.api.LoginApiServlet;
import org.multisession.web.api.LogoutApiServlet;
import org.multisession.web.api.MeServlet;
import org.multisession.web.api.MetricsServlet;
import org.multisession.web.api.ReadinessFilter;
import org.multisession.web.api.RevokeOthersApiServlet;
import org.multisession.web.api.SessionApiServlet;
import org.multisession.web.api.SessionsApiServlet;
import org.multisession.web.api.VerifyServlet;
import org.multisession.web.page.Brand;
import org.multisession.web.page.CodeServlet;
import org.multisession.web.page.ConfirmServlet;
import org.multisession.web.page.DeviceRows;
import org.multisession.web.page.DirectSignIn;
import org.multisession.web.page.ErrorPages;
import org.multisession.web.page.ErrorServlet;
import org.multisession.web.page.HomeServlet;
import org.multisession.web.page.LoginServlet;
import org.multisession.web.page.Logo;
import org.multisession.web.page.LogoServlet;
import org.multisession.web.page.LogoutServlet;
import org.multisession.web.page.NewSignInNotice;
import org.multisession.web.page.Pages;
import org.multisession.web.page.PhoneStep;
import org.multisession.web.page.RevokeOthersServlet;
import org.multisession.web.page.RevokeServlet;
import org.multisession.web.page.SendCode;
import org.multisession.web.page.SessionsServlet;
import org.multisession.web.page.SignOutNotice;
import org.multisession.web.page.SignedOutNotice;
import org.multisession.web.page.StaticServlet;

/** Every filter in its order, and every servlet with its URL. */
record Routes(
        Settings settings,
        Database database,
        Services services,
        Readiness readiness,
        Supplier<List<String>> missingFromSchema,
        BooleanSupplier databaseIsShared,
        Supplier<String> storage,
        Meters meters,
        RequestIds requestIds,
        SecureRandom random,
        InstantSource clock) {

    /** Not a forward or an include: an exception from one surfaces in the request that it belongs to. */
    private static final EnumSet<DispatcherType> OUTERMOST =
            EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC, DispatcherType.ERROR);

    void register(ServletContext context) {
        // There is no HttpSession, so Tomcat need not look for its id: it would read every cookie, and write any header
        // that it cannot read into its log, token included.
        context.setSessionTrackingModes(EnumSet.noneOf(SessionTrackingMode.class));
        context.setAttribute(Brand.ATTRIBUTE, settings.brand());
        HttpProblemResponder failures = new ErrorPages(new Json());
        SessionCookie cookie = new SessionCookie(settings.cookie());
        DeviceNames names = new DeviceNames();
        filters(context, failures, cookie);
        pages(context, cookie, names);
        api(context, cookie, names);
        operations(context);
        publicServlet(context, "error", new ErrorServlet(failures), "/error");
    }

    private void filters(ServletContext context, HttpProblemResponder failures, SessionCookie cookie) {
        filter(context, "request-id", new RequestIdFilter(requestIds), OUTERMOST);
        filter(context, "bodies", new BodyFilter(), EnumSet.of(DispatcherType.REQUEST));
        filter(context, "errors", new ErrorFilter(failures, random, System::nanoTime), OUTERMOST);
        filter(context, "awaited", new AwaitedFilter(database), OUTERMOST);
        filter(
                context,
                "security-headers",
                new SecurityHeadersFilter(),
                EnumSet.of(DispatcherType.REQUEST, DispatcherType.ERROR));
        filter(
                context,
                "readiness",
                new ReadinessFilter(
                        readiness, settings.stage().stored(), Product.ours().version()),
                EnumSet.of(DispatcherType.REQUEST));
        filter(context, "cross-site", new CrossSiteFilter(), EnumSet.of(DispatcherType.REQUEST));
        filter(context, "auth", new AuthFilter(services.authenticator, cookie), EnumSet.allOf(DispatcherType.class));
    }

    private void pages(ServletContext context, SessionCookie cookie, DeviceNames names) {
        SignOutNotice notice = new SignOutNotice(services.signOut, cookie, services.phoneNumbers);
        DeviceRows rows = new DeviceRows(names);
        NewSignInNotice news = new NewSignInNotice(services.devices, rows, new ToldCookie(settings.cookie()), clock);
        FlashCookie signedOut = new FlashCookie(settings.cookie(), "/login");
        FlashCookie done = new FlashCookie(settings.cookie(), "/sessions");

        publicServlet(
                context,
                "login",
                new LoginServlet(
                        login(context, cookie),
                        services.authenticator,
                        new SignedOutNotice(services.authenticator, cookie, names, clock),
                        notice,
                        services.typedNumbers,
                        services.phoneNumbers,
                        cookie,
                        signedOut),
                "/login");
        protectedServlet(context, "home", new HomeServlet(services.devices, news, notice, services.phoneNumbers), "");
        protectedServlet(context, "logout", new LogoutServlet(services.signOut, notice, cookie, signedOut), "/logout");
        protectedServlet(
                context,
                "sessions",
                new SessionsServlet(services.devices, services.freshness, news, notice, rows, done, clock),
                "/sessions");
        protectedServlet(
                context,
                "revoke",
                new RevokeServlet(services.devices, services.signOut, done, signedOut, cookie),
                "/sessions/revoke");
        protectedServlet(
                context, "revoke-others", new RevokeOthersServlet(services.devices, done), "/sessions/revoke-others");

        publicServlet(context, "static", new StaticServlet(), "/static/*");
        Logo logo = settings.brand().logo();
        if (logo != null) {
            publicServlet(context, "logo", new LogoServlet(logo), "/static/logo");
        }
        for (String page : Pages.NAMES) {
            context.addServlet(Pages.servletName(page), Pages.className(page));
        }
    }

    /** What becomes of a number that was submitted; registers what comes after it, and the same for programs. */
    private PhoneStep login(ServletContext context, SessionCookie cookie) {
        return switch (settings.login().verification()) {
            case CODE -> loginByCode(context, cookie);
            case NONE -> loginAtOnce(context, cookie);
        };
    }

    private PhoneStep loginByCode(ServletContext context, SessionCookie cookie) {
        ChallengeCookie challenge = new ChallengeCookie(settings.cookie());
        CodeMessage message = new CodeMessage(settings.sms().host());
        SendCode sendCode = new SendCode(services.codeSignIn, challenge, message, clock);
        publicServlet(
                context,
                "login-code",
                new CodeServlet(
                        services.codeSignIn,
                        sendCode,
                        message,
                        services.phoneNumbers,
                        challenge,
                        cookie,
                        settings.brand()),
                "/login/code");
        protectedServlet(
                context,
                "login-confirm",
                new ConfirmServlet(services.codeSignIn, sendCode, services.freshness, services.phoneNumbers),
                "/login/confirm");
        publicServlet(
                context,
                LoginServlet.API,
                new CodeRequestApiServlet(services.codeSignIn, message, services.typedNumbers, clock),
                "/api/login");
        publicServlet(context, "api-login-code", new CodeApiServlet(services.codeSignIn, cookie), "/api/login/code");
        return sendCode;
    }

    private PhoneStep loginAtOnce(ServletContext context, SessionCookie cookie) {
        publicServlet(
                context,
                LoginServlet.API,
                new LoginApiServlet(services.signIn, services.typedNumbers, cookie),
                "/api/login");
        return new DirectSignIn(services.signIn, cookie, settings.brand());
    }

    private void api(ServletContext context, SessionCookie cookie, DeviceNames names) {
        protectedServlet(context, "api-logout", new LogoutApiServlet(services.signOut, cookie), "/api/logout");
        protectedServlet(context, "api-me", new MeServlet(services.devices, names), "/api/me");
        protectedServlet(context, "api-sessions", new SessionsApiServlet(services.devices, names), "/api/sessions");
        protectedServlet(
                context,
                "api-session",
                new SessionApiServlet(services.devices, services.freshness, services.signOut, cookie),
                "/api/sessions/*");
        protectedServlet(
                context,
                "api-revoke-others",
                new RevokeOthersApiServlet(services.devices, services.freshness),
                "/api/sessions/revoke-others");
        publicServlet(context, "api-description", new DescriptionServlet(), "/api/openapi.json");
        // Public for the filter, because it answers 401 itself and never redirects to the sign-in.
        publicServlet(
                context,
                "verify",
                new VerifyServlet(services.authenticator, cookie, services.freshness, services.phoneNumbers),
                "/verify");
    }

    private void operations(ServletContext context) {
        publicServlet(
                context,
                "health",
                new HealthServlet(
                        missingFromSchema,
                        databaseIsShared,
                        storage,
                        readiness::isDraining,
                        settings.stage().stored(),
                        Product.ours().version()),
                "/health");
        publicServlet(context, "health-live", new LivenessServlet(), "/health/live");
        publicServlet(context, "metrics", new MetricsServlet(meters::text, settings.metricsAllow()), "/metrics");
    }

    private static void filter(ServletContext context, String name, Filter filter, EnumSet<DispatcherType> when) {
        var registration = context.addFilter("multi-session-" + name, filter);
        registration.setAsyncSupported(true);
        // Ahead of the filters of other applications that share the WAR.
        registration.addMappingForUrlPatterns(when, false, "/*");
    }

    private static void protectedServlet(ServletContext context, String name, Servlet servlet, String url) {
        add(context, name, servlet, url);
    }

    private static void publicServlet(ServletContext context, String name, Servlet servlet, String url) {
        add(context, name, servlet, url).setInitParameter(AuthFilter.PUBLIC, "true");
    }

    private static ServletRegistration.Dynamic add(ServletContext context, String name, Servlet servlet, String url) {
        ServletRegistration.Dynamic registration = context.addServlet(name, servlet);
        if (registration == null) {
            throw new IllegalStateException("web.xml already has a servlet named " + name);
        }
        if (!registration.addMapping(url).isEmpty()) {
            throw new IllegalStateException("web.xml already has a servlet for " + url);
        }
        registration.setAsyncSupported(true);
        registration.setInitParameter(BodyFilter.GUARDED, "true");
        return registration;
    }
}
