package org.multisession.otp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import org.junit.jupiter.api.Test;
import org.multisession.phone.PhoneNumber;
import org.multisession.testing.CountedMessages;
import org.multisession.testing.LogLines;
import org.multisession.testing.NewApp;
import org.multisession.testing.SentCodes;

class SmsQueueTest {

    private static final String NUMBER = "+79991234567";
    private static final PhoneNumber TO = NewApp.number(NUMBER);
    private static final SmsText TEXT = code -> "Code: " + code;

    /** What is on its way at once, and what waits behind it. */
    private static final int CAPACITY = 4 + 200;

    private final CountedMessages messages = new CountedMessages();

    private SmsQueue queue(SmsSender sender) {
        return new SmsQueue(sender, messages);
    }

    private static void hand(SmsQueue queue, int messages) {
        for (int i = 0; i < messages; i++) {
            queue.hand(TO, "%06d".formatted(i), TEXT, true);
        }
    }

    @Test
    void each_message_is_handed_to_the_gateway_once() {
        SentCodes gateway = new SentCodes();
        SmsQueue queue = queue(gateway);
        hand(queue, 100);
        queue.close();
        List<SentCodes.Message> sent = gateway.drain();
        assertThat(sent).hasSize(100).doesNotHaveDuplicates();
        assertThat(sent).allMatch(message -> message.text().equals("Code: " + message.code()));
        assertThat(messages.sent()).isEqualTo(100);
        assertThat(messages.failed()).isZero();
    }

    @Test
    void what_is_not_deliverable_goes_nowhere_and_counts_for_nothing() {
        SentCodes gateway = new SentCodes();
        SmsQueue queue = queue(gateway);
        for (int i = 0; i < 100; i++) {
            queue.hand(TO, "000000", TEXT, false);
        }
        queue.close();
        assertThat(gateway.drain()).isEmpty();
        assertThat(messages.sent()).isZero();
        assertThat(messages.failed()).isZero();
    }

    @Test
    void a_gateway_that_hangs_holds_nobody_up_and_the_queue_stays_small() {
        try (LogLines log = new LogLines()) {
            CountDownLatch forEver = new CountDownLatch(1);
            AtomicInteger begun = new AtomicInteger();
            SmsQueue queue = queue((number, code, text) -> {
                begun.incrementAndGet();
                forEver.await();
            });
            // It returns at all: nobody lets go of the gateway before.
            hand(queue, 1000);
            assertThat(messages.failed()).isEqualTo(1000 - CAPACITY);
            assertThat(log.of(Level.WARNING)).hasSize(1000 - CAPACITY);
            forEver.countDown();
            queue.close();
            assertThat(messages.sent()).isEqualTo(CAPACITY);
            assertThat(begun).hasValue(CAPACITY);
            assertNothingIsSaid(log);
        }
    }

    @Test
    void a_failed_message_is_counted_and_logged_and_not_tried_again() {
        try (LogLines log = new LogLines()) {
            AtomicInteger tried = new AtomicInteger();
            SmsQueue queue = queue((number, code, text) -> {
                tried.incrementAndGet();
                throw new IOException("the gateway answered 500");
            });
            hand(queue, 10);
            queue.close();
            assertThat(tried).hasValue(10);
            assertThat(messages.failed()).isEqualTo(10);
            assertThat(messages.sent()).isZero();
            assertThat(log.of(Level.WARNING)).hasSize(10).allMatch(line -> line.contains("the gateway answered 500"));
            assertNothingIsSaid(log);
        }
    }

    @Test
    void a_fault_of_the_sender_s_own_is_counted_and_its_words_are_kept_out_of_the_log() {
        try (LogLines log = new LogLines()) {
            SmsQueue queue = queue((number, code, text) -> {
                throw new IllegalArgumentException("unsupported URI http://" + number + "/" + code);
            });
            queue.hand(TO, "000001", TEXT, true);
            queue.close();
            assertThat(messages.failed()).isEqualTo(1);
            assertThat(log.of(Level.WARNING)).singleElement().asString().contains("IllegalArgumentException");
            assertNothingIsSaid(log);
        }
    }

    @Test
    void a_text_that_cannot_be_made_is_counted_as_a_failure() {
        try (LogLines log = new LogLines()) {
            SentCodes gateway = new SentCodes();
            SmsQueue queue = queue(gateway);
            queue.hand(
                    TO,
                    "000001",
                    code -> {
                        throw new IllegalStateException("no text for " + code);
                    },
                    true);
            queue.close();
            assertThat(messages.failed()).isEqualTo(1);
            assertThat(gateway.drain()).isEmpty();
            assertNothingIsSaid(log);
        }
    }

    @Test
    void after_a_failure_the_next_message_goes_out() {
        AtomicInteger calls = new AtomicInteger();
        SmsQueue queue = queue((number, code, text) -> {
            if (calls.incrementAndGet() <= 8) {
                throw new IOException("down");
            }
        });
        hand(queue, 20);
        queue.close();
        assertThat(messages.failed()).isEqualTo(8);
        assertThat(messages.sent()).isEqualTo(12);
    }

    @Test
    void closing_waits_for_messages_on_their_way_and_ends_the_threads() throws Exception {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        SmsQueue queue = queue((number, code, text) -> threads.add(Thread.currentThread()));
        hand(queue, 50);
        queue.close();
        assertThat(messages.sent()).isEqualTo(50);
        assertGone(threads);
    }

    /** This one takes as long as closing waits for a gateway. */
    @Test
    void closing_gives_a_gateway_that_hangs_up_and_ends_the_threads() throws Exception {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        Semaphore begun = new Semaphore(0);
        SmsQueue queue = queue((number, code, text) -> {
            threads.add(Thread.currentThread());
            begun.release();
            new CountDownLatch(1).await();
        });
        hand(queue, 10);
        begun.acquire(4);
        queue.close();
        assertThat(threads).hasSize(4);
        assertGone(threads);
        assertThat(messages.sent()).isZero();
        assertThat(messages.failed()).isEqualTo(4);
    }

    private static void assertGone(Set<Thread> threads) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
            assertThat(thread.isAlive()).isFalse();
        }
    }

    private static void assertNothingIsSaid(LogLines log) {
        assertThat(log.all()).noneMatch(line -> line.contains("9991234567") || line.matches("(?s).*\\b\\d{6}\\b.*"));
    }
}
