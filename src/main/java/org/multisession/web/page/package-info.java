/**
 * Forms and pages for people; the JSPs are under WEB-INF/jsp, and the build compiles them.
 */
@NullMarked
package org.multisession.web.page;

import org.jspecify.annotations.NullMarked;
