/**
 * Many sessions per user for an app that had one token per user, beside that app and on its database.
 *
 * <p>The path of a request:
 *
 * <ol>
 *   <li>{@code boot.Routes} names every filter in its order and every servlet with its URL.
 *   <li>{@code web.ErrorFilter} is outermost: the one place where a failure becomes an HTTP answer.
 *   <li>{@code web.SecurityHeadersFilter} sets the headers that every answer carries; {@code web.CrossSiteFilter}
 *       refuses what another site's page sends in a user's name.
 *   <li>{@code web.AuthFilter} takes the tokens from the request ({@code web.SessionCookie}) and asks
 *       {@code auth.Authenticator} whose they are: {@code session.UserSessionDao} first, the legacy token of
 *       {@code user.UserDao} second. Every servlet is protected unless it says that it is public.
 *   <li>A servlet of {@code web.page} (forms and pages) or {@code web.api} (JSON) does the work, through
 *       {@code auth.SignIn}, {@code auth.CodeSignIn}, {@code auth.SignOut} and {@code auth.Devices}.
 * </ol>
 *
 * <p>At deploy {@code boot.AppListener} starts {@code boot.Application}: settings, database, {@code migration.Migrator},
 * routes. The packages know each other in one direction only: {@code boot → web → auth → (code, session → user) → db}, and
 * {@code boot → migration → db}; an architecture test holds them to it.
 */
@NullMarked
package org.multisession;

import org.jspecify.annotations.NullMarked;
