/**
 * What stands between a request and a servlet: filters, the cookie, bodies, redirects and failures.
 */
@NullMarked
package org.multisession.web;

import org.jspecify.annotations.NullMarked;
