package org.multisession.user;

/** On SQLite. */
class SqlitePhoneLookupTest extends PhoneLookupContract {}
