package org.multisession.otp;

/** Makes the text of the message that carries a code. */
@FunctionalInterface
public interface SmsText {
    String of(String code);
}
