package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.multisession.session.SessionRules;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.TestClock;

@Tag("faults")
abstract class AdoptionRaceContract {

    private static final int ROUNDS = Integer.getInteger("faults.adoptions", 300);

    /** Nobody is over the limit, however long one of the devices takes between two looks. */
    private static final SessionRules RULES =
            new SessionRules(Duration.ofDays(30), Duration.ofDays(365), 1_000_000, Duration.ofMinutes(1));

    /** A fresh database of the old app in its single form, where thousands of commits cost little. */
    abstract OldApp single();

    /** How many of so many rounds are made. */
    abstract int share(int rounds);

    /** A look at the sessions, then the adoption, then a look at the legacy tokens: it must not fall between the two. */
    @Test
    void an_old_device_is_signed_in_at_every_moment_of_a_sign_in_that_adopts_its_token() throws Exception {
        try (OldApp old = single();
                NewApp app = NewApp.deploy(old.claim(), RULES, new TestClock())) {
            ExecutorService devices = Executors.newFixedThreadPool(2);
            AtomicReference<String> current = new AtomicReference<>("old_token_xyz123");
            Queue<String> refused = new ConcurrentLinkedQueue<>();
            AtomicBoolean done = new AtomicBoolean();
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                running.add(devices.submit(() -> {
                    while (!done.get()) {
                        String token = Objects.requireNonNull(current.get());
                        if (app.opens(token) == null) {
                            refused.add(token);
                        }
                    }
                }));
            }
            for (int round = 0; round < share(ROUNDS); round++) {
                app.signIn("+79991234567");
                String next = "legacy-" + round;
                old.signInSingle(42, next);
                current.set(next);
            }
            done.set(true);
            for (Future<?> device : running) {
                device.get();
            }
            devices.shutdown();
            assertThat(refused).isEmpty();
        }
    }
}
