/** Authentication, sign-in and sign-out: what involves several tables, without HTTP. */
@NullMarked
package org.multisession.auth;

import org.jspecify.annotations.NullMarked;
