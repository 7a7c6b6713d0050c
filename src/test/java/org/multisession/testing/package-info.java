/** Real servers, clients and browsers for the tests. */
@NullMarked
package org.multisession.testing;

import org.jspecify.annotations.NullMarked;
