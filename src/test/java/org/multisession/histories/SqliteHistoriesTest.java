package org.multisession.histories;

class SqliteHistoriesTest extends HistoriesContract {

    @Override
    DatabaseKind kind() {
        return new SqliteKind();
    }

    @Override
    int count() {
        return 300;
    }
}
