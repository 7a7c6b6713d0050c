package org.multisession.user;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.testing.OldApp;
import org.multisession.testing.PostgresApp;

class PostgresPhoneLookupTest extends PhoneLookupContract {

    @Override
    PostgresApp old(String phoneType) {
        return PostgresApp.makeBy("CREATE TABLE users (id INTEGER PRIMARY KEY, phone " + phoneType
                + ", email TEXT UNIQUE, auth_token TEXT)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"BIGINT", "NUMERIC(20)", "CHAR(20)", "VARCHAR(20)"})
    void a_number_is_found_whatever_its_column_is_declared_as(String type) {
        try (OldApp old = old(type)) {
            old.run("INSERT INTO users (id, phone) VALUES (7, '79991234567')");
            try (App app = new App(old, "RU")) {
                app.eitherWay(
                        when -> assertThat(app.find("8 999 123-45-67")).as(when).containsExactly(7L));
            }
        }
    }

    @Test
    void a_row_that_an_upsert_changes_is_followed() {
        try (OldApp old = old();
                App app = new App(old, "RU")) {
            old.run("INSERT INTO users (id, phone, email) VALUES (1, '+79990000001', 'a')");
            old.run("INSERT INTO users (id, phone, email) VALUES (2, '+79990000002', 'a')"
                    + " ON CONFLICT (email) DO UPDATE SET phone = excluded.phone");
            app.eitherWay(when -> {
                assertThat(app.find("+79990000001")).as(when).isEmpty();
                assertThat(app.find("+79990000002")).as(when).containsExactly(1L);
            });
            old.run("TRUNCATE users CASCADE");
            app.eitherWay(when -> assertThat(app.find("+79990000002")).as(when).isEmpty());
        }
    }
}
