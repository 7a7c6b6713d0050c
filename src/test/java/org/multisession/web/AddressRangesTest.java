package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRangesTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "loopback | 127.0.0.1",
                "loopback | 127.9.9.9",
                "loopback | 0:0:0:0:0:0:0:1",
                "loopback, 192.0.2.7 | 192.0.2.7",
                "10.0.0.0/8 | 10.255.0.1",
                "0.0.0.0/0 | 203.0.113.9",
                "2001:db8::/32 | 2001:db8:1::5",
                "fe80::/10 | fe80:0:0:0:1:2:3:4%eth0",
            })
    void an_address_in_a_range_is_held(String ranges, String address) {
        assertThat(AddressRanges.parse(ranges).hold(address)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "loopback | 128.0.0.1",
                "loopback | 0:0:0:0:0:0:0:2",
                "none | 127.0.0.1",
                "10.0.0.0/8 | 11.0.0.1",
                "192.0.2.7 | 192.0.2.8",
                "0.0.0.0/0 | 2001:db8::1",
                "2001:db8::/32 | 2001:db9::1",
                "loopback | localhost",
                "192.0.2.7 | 0:0:0:0:0:0:c000:207",
                "10.0.0.0/8 | ::a00:1",
                "0.0.0.0/0 | 1.2.3",
                "0.0.0.0/0 | 999.1.1.1",
                "0.0.0.0/0 | 010.0.0.1",
                "::/0 | :::",
                "::/0 | proxy.example",
            })
    void an_address_in_none_is_not(String ranges, String address) {
        assertThat(AddressRanges.parse(ranges).hold(address)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "localhost",
                "10.0.0",
                "10.0.0.0/33",
                "10.0.0.1/8",
                "::1/129",
                "10.0.0.0/x",
                "10.0.0.0/+8",
                "10.0.0.256",
                "a,b",
                "1.2.3.4,"
            })
    void what_is_no_range_is_refused(String text) {
        assertThatThrownBy(() -> AddressRanges.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void nobody_is_meant_by_none() {
        assertThat(AddressRanges.parse("none").hold("::1")).isFalse();
    }
}
