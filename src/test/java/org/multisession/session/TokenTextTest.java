package org.multisession.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.multisession.token.SessionId;
import org.multisession.token.SessionToken;
import org.multisession.token.StoredToken;

/** What a token looks like where somebody writes it into a text by accident. */
class TokenTextTest {

    @Test
    void a_token_is_dots_as_it_came_and_as_it_is_stored() {
        assertThat(new SessionToken("a-token")).hasToString("•••");
        assertThat(new StoredToken("a-token")).hasToString("•••");
    }

    @Test
    void a_handle_is_its_text() {
        SessionId handle = SessionId.of(new SessionToken("a-token").hash());
        assertThat(handle).hasToString(handle.text());
    }
}
