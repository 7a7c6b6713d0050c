/** One-time codes: how they are made, limited, delivered and checked. */
@NullMarked
package org.multisession.otp;

import org.jspecify.annotations.NullMarked;
