/** Everything between a request and a servlet: filters, cookies, bodies, redirects and failures. */
@NullMarked
package org.multisession.web;

import org.jspecify.annotations.NullMarked;
