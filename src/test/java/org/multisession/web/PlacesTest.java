package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlacesTest {

    private final Places places = new Places(3, 2);

    @Test
    void no_network_takes_them_all() {
        assertThat(places.take("a")).isTrue();
        assertThat(places.take("a")).isTrue();
        assertThat(places.take("a")).isFalse();
        assertThat(places.take("b")).isTrue();
    }

    @Test
    void there_are_only_so_many() {
        assertThat(places.take("a")).isTrue();
        assertThat(places.take("b")).isTrue();
        assertThat(places.take("c")).isTrue();
        assertThat(places.take("d")).isFalse();
    }

    @Test
    void what_is_given_back_is_there_for_anyone() {
        for (int i = 0; i < 10; i++) {
            assertThat(places.take("a")).isTrue();
            assertThat(places.take("a")).isTrue();
            places.giveBack("a");
            places.giveBack("a");
        }
        assertThat(places.take("b")).isTrue();
        assertThat(places.take("c")).isTrue();
        assertThat(places.take("a")).isTrue();
    }
}
