package org.multisession.histories;

class PostgresHistoriesTest extends HistoriesContract {

    @Override
    DatabaseKind kind() {
        return new PostgresKind();
    }

    @Override
    int count() {
        return 25;
    }
}
