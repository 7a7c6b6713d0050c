package org.multisession.auth;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.multisession.db.SqlTime;
import org.multisession.testing.PostgresApp;

class PostgresSurplusTest extends SurplusContract {

    @Override
    PostgresApp single() {
        return PostgresApp.make("single");
    }

    @Override
    List<@Nullable String> written(Instant time) {
        String plain = SqlTime.format(time);
        return Arrays.asList(plain, plain, plain, null);
    }
}
