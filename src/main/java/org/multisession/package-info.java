/**
 * Many sessions per user for an app that had one token per user, beside that app and on its database.
 *
 * <p>docs/architecture.md shows the path of a request and what each package is for. Where to begin reading:
 *
 * <ul>
 *   <li>{@code boot.Routes} names every filter in its order and every servlet with its URL.
 *   <li>{@code web.AuthFilter} answers "who is this?", through {@code auth.Authenticator} and {@code session.LookUpDao}. A
 *       session is looked for first ({@code session.UserSessionDao}), then a legacy token ({@code user.UserDao}). Of both
 *       only what our triggers have witnessed is believed.
 *   <li>{@code auth.SignIn}, {@code auth.CodeSignIn}, {@code auth.SignOut} and {@code auth.Devices} do what a user asks
 *       for. {@code auth.Services} wires everything between the database and the servlets.
 *   <li>{@code boot.AppListener} starts {@code boot.Application} at a deploy: settings, database, migration, routes, and
 *       the tasks of {@code boot.Schedule}. While it runs, {@code migration.SchemaGuard} repairs what is lost when
 *       somebody rebuilds a table, before anything is written, and {@code boot.DatabaseWatch} takes over a file that was
 *       put in the place of the open one.
 *   <li>{@code migration.Migrator} migrates a SQLite file, and {@code migration.postgres.PostgresMigrator} a database on a
 *       server.
 *   <li>{@code launcher.Launcher} and {@code cli.Main} run a command from a shell. {@code check.Check} reports on a
 *       database before a deploy: it migrates a copy, asks what each token opens there, and plays what people do ({@code
 *       auth.PlayedSignIn}, which a deploy plays too). {@code copy.DatabaseCopy} carries a database from SQLite to
 *       PostgreSQL and back.
 * </ul>
 *
 * <p>The packages depend on each other in one direction only: {@code boot → web → auth → (otp, session → user) → db}, and
 * {@code boot → migration → db}. {@code token} and {@code phone} hold the values that all of them share. {@code db.sqlite}
 * and {@code db.postgres} hold what is particular to one kind of database, behind {@code db.Vendor} and {@code db.Source};
 * {@code boot.Sources} opens either. An architecture test enforces this.
 */
@NullMarked
package org.multisession;

import org.jspecify.annotations.NullMarked;
