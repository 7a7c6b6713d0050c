/**
 * Telephone numbers as values: read with libphonenumber, compared, masked. Nothing here knows a database.
 */
@NullMarked
package org.multisession.phone;

import org.jspecify.annotations.NullMarked;
