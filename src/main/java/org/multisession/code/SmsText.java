package org.multisession.code;

/** Makes the text of the message that carries a code. */
@FunctionalInterface
public interface SmsText {
    String of(String code);
}
