package org.multisession.otp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Whom the limits take an address for. */
class NetworksTest {

    @Test
    void an_address_of_the_old_kind_stands_for_itself() {
        assertThat(Networks.of("192.0.2.1")).isEqualTo("192.0.2.1");
    }

    @Test
    void an_address_of_the_new_kind_stands_for_all_of_one_subscriber() {
        assertThat(Networks.of("2001:db8:1:2:3:4:5:6")).isEqualTo(Networks.of("2001:db8:1:2::1"));
        assertThat(Networks.of("2001:db8:1:2::1")).isEqualTo("2001:db8:1:2:0:0:0:0/64");
        assertThat(Networks.of("2001:db8:1:3::1")).isNotEqualTo(Networks.of("2001:db8:1:2::1"));
    }

    @Test
    void a_port_that_a_proxy_has_written_behind_an_address_makes_nobody_another() {
        assertThat(Networks.of("192.0.2.1:50123")).isEqualTo("192.0.2.1");
        assertThat(Networks.of("[2001:db8:1:2::1]:50123")).isEqualTo(Networks.of("2001:db8:1:2::1"));
        assertThat(Networks.of("[2001:db8:1:2::1]")).isEqualTo(Networks.of("2001:db8:1:2::1"));
    }

    @Test
    void what_is_no_address_stands_for_itself() {
        assertThat(Networks.of("a.name.invalid")).isEqualTo("a.name.invalid");
        assertThat(Networks.of("1::2::3")).isEqualTo("1::2::3");
        assertThat(Networks.of("a.name.invalid:80")).isEqualTo("a.name.invalid:80");
    }
}
