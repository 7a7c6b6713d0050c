/**
 * Many sessions per user for an app that had one token per user, beside that app and on its database.
 *
 * <p>The path of a request:
 *
 * <ol>
 *   <li>{@code boot.Routes} names every filter in its order and every servlet with its URL.
 *   <li>{@code web.BodyFilter} lets nobody hold a thread by sending a body slowly. Behind it, {@code web.ErrorFilter} is
 *       the one place where a failure becomes an HTTP answer.
 *   <li>{@code web.AwaitedFilter} tells the database that a client waits; {@code web.SecurityHeadersFilter} sets the
 *       headers that every answer carries; {@code web.CrossSiteFilter} refuses what another site's page sends in a user's
 *       name.
 *   <li>{@code web.AuthFilter} takes the tokens from the request ({@code web.SessionCookie}) and asks
 *       {@code auth.Authenticator} whose they are. {@code session.LookUpDao} finds a session first ({@code
 *       session.UserSessionDao}) and a legacy token second ({@code user.UserDao}), and believes of both only what our
 *       triggers have witnessed. Every servlet is protected unless it says that it is public.
 *   <li>A servlet of {@code web.page} (forms and pages) or {@code web.api} (JSON) does the work, through
 *       {@code auth.SignIn}, {@code auth.CodeSignIn}, {@code auth.SignOut} and {@code auth.Devices}.
 * </ol>
 *
 * <p>At deploy {@code boot.AppListener} starts {@code boot.Application}: settings, database, {@code migration.Migrator},
 * the stage, routes, and what runs by the clock ({@code auth.Sweeper}, {@code auth.Forgetting}, {@code auth.RunOut},
 * {@code session.LastSeen}, {@code session.Heartbeat}, {@code session.TokenHashing}, {@code user.PhoneReading}). While
 * it runs, {@code migration.SchemaGuard} repairs what somebody's rebuilding of a table has dropped, before anything is
 * written, and {@code boot.DatabaseWatch} goes on with a file that was put in the place of ours. Everything between the
 * database and the servlets is wired in {@code auth.Services}. The packages know each other in one direction only:
 * {@code boot → web → auth → (otp, session → user) → db}, and {@code boot → migration → db}; the values of {@code
 * token} and {@code phone} lie below all of them. An architecture test holds them to it.
 *
 * <p>{@code db.sqlite} and {@code db.postgres} are what is peculiar to one database, behind {@code db.Vendor} and {@code
 * db.Source}; {@code migration.postgres} makes the schema there. {@code boot.Sources}
 * opens either, as the settings say.
 *
 * <p>From a shell, {@code launcher.Launcher} finds the classes inside the WAR and {@code cli.Main} runs a command; it reads
 * the settings with {@code config} and does its work through {@code migration}, without servlets. {@code check.Check}
 * reports on a database before a deploy: {@code db.sqlite.ReadOnlyDatabase} leaves no trace on it, and on a {@code
 * db.sqlite.ScratchCopy} the migration is played and every token asked for, with what people do after it ({@code
 * auth.PlayedSignIn}, which a deploy plays as well). {@code copy} carries a database from SQLite to PostgreSQL and back.
 */
@NullMarked
package org.multisession;

import org.jspecify.annotations.NullMarked;
