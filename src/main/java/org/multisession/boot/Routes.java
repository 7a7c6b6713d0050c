package org.multisession.boot;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.Servlet;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.Locale;
import org.multisession.auth.Authenticator;
import org.multisession.auth.SignIn;
import org.multisession.auth.SignOut;
import org.multisession.migration.Migrator;
import org.multisession.user.PhoneNumbers;
import org.multisession.web.AuthFilter;
import org.multisession.web.CrossSiteFilter;
import org.multisession.web.ErrorFilter;
import org.multisession.web.FailureResponder;
import org.multisession.web.SecurityHeadersFilter;
import org.multisession.web.SessionCookie;
import org.multisession.web.api.HealthServlet;
import org.multisession.web.api.Json;
import org.multisession.web.api.LoginApiServlet;
import org.multisession.web.api.LogoutApiServlet;
import org.multisession.web.api.MeServlet;
import org.multisession.web.page.ErrorPages;
import org.multisession.web.page.ErrorServlet;
import org.multisession.web.page.HomeServlet;
import org.multisession.web.page.LoginServlet;
import org.multisession.web.page.LogoutServlet;
import org.multisession.web.page.Pages;
import org.multisession.web.page.StaticServlet;

/** Every filter in its order, and every servlet with its URL. */
record Routes(
        Authenticator authenticator,
        SignIn signIn,
        SignOut signOut,
        PhoneNumbers phoneNumbers,
        SessionCookie cookie,
        Migrator migrator,
        Settings.Stage stage,
        SecureRandom random) {

    void register(ServletContext context) {
        FailureResponder failures = new ErrorPages(new Json());

        filter(context, "errors", new ErrorFilter(failures, random), EnumSet.of(DispatcherType.REQUEST));
        filter(
                context,
                "security-headers",
                new SecurityHeadersFilter(),
                EnumSet.of(DispatcherType.REQUEST, DispatcherType.ERROR));
        filter(context, "cross-site", new CrossSiteFilter(), EnumSet.of(DispatcherType.REQUEST));
        filter(context, "auth", new AuthFilter(authenticator, cookie), EnumSet.allOf(DispatcherType.class));

        signedInOnly(context, "home", new HomeServlet(phoneNumbers), "");
        open(context, "login", new LoginServlet(signIn, authenticator, phoneNumbers, cookie), "/login");
        signedInOnly(context, "logout", new LogoutServlet(signOut, cookie), "/logout");

        open(context, "api-login", new LoginApiServlet(signIn, phoneNumbers, cookie), "/api/login");
        signedInOnly(context, "api-logout", new LogoutApiServlet(signOut, cookie), "/api/logout");
        signedInOnly(context, "api-me", new MeServlet(), "/api/me");

        open(
                context,
                "health",
                new HealthServlet(migrator::missing, stage.name().toLowerCase(Locale.ROOT)),
                "/health");
        open(context, "static", new StaticServlet(), "/static/*");
        open(context, "error", new ErrorServlet(failures), "/error");

        for (String page : Pages.NAMES) {
            // Tomcat would compile them all before it finishes the deploy, which takes longer than all the rest.
            context.addJspFile(Pages.servletName(page), "/WEB-INF/jsp/" + page + ".jsp")
                    .setLoadOnStartup(-1);
        }
    }

    private static void filter(ServletContext context, String name, Filter filter, EnumSet<DispatcherType> when) {
        var registration = context.addFilter("multi-session-" + name, filter);
        registration.setAsyncSupported(true);
        // Ahead of the filters of other applications that share the WAR.
        registration.addMappingForUrlPatterns(when, false, "/*");
    }

    private static void signedInOnly(ServletContext context, String name, Servlet servlet, String url) {
        add(context, name, servlet, url);
    }

    private static void open(ServletContext context, String name, Servlet servlet, String url) {
        add(context, name, servlet, url).setInitParameter(AuthFilter.PUBLIC, "true");
    }

    private static ServletRegistration.Dynamic add(ServletContext context, String name, Servlet servlet, String url) {
        ServletRegistration.Dynamic registration = context.addServlet(name, servlet);
        if (registration == null) {
            throw new IllegalStateException("web.xml already has a servlet named " + name);
        }
        registration.addMapping(url);
        registration.setAsyncSupported(true);
        return registration;
    }
}
