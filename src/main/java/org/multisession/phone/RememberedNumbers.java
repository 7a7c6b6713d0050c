package org.multisession.phone;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads numbers as {@link PhoneNumbers#parse} does, and remembers what each text means, which never changes: reading
 * one takes as long as the rest of an answer. Safe for use by many threads.
 */
public final class RememberedNumbers {

    private final PhoneNumbers phoneNumbers;
    private final int most;
    private final Map<String, Optional<PhoneNumber>> known = new ConcurrentHashMap<>();

    /** @param most how many it remembers */
    public RememberedNumbers(PhoneNumbers phoneNumbers, int most) {
        this.phoneNumbers = phoneNumbers;
        this.most = most;
    }

    /** The number that this text means, or null if it means none. */
    public @Nullable PhoneNumber parse(@Nullable String text) {
        if (text == null || text.length() > PhoneNumbers.MAX_LENGTH) {
            return null;
        }
        Optional<PhoneNumber> number = known.get(text);
        if (number == null) {
            number = Optional.ofNullable(phoneNumbers.parse(text));
            if (known.size() >= most) {
                // Whoever still comes is read once more.
                known.clear();
            }
            known.put(text, number);
        }
        return number.orElse(null);
    }
}
