/** One-time codes: how they are made, limited, delivered and checked. */
@NullMarked
package org.multisession.code;

import org.jspecify.annotations.NullMarked;
