package org.qsd4j.qapi;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;

/**
 * Numbers as they are written on the command line. Integers are C's: blanks in front, a sign, 0x for hexadecimal, 0b for
 * binary, 0 for octal. The whole text must be a number; whatever isn't throws {@link NumberFormatException}.
 */
final class OptionNumbers {
    private static final String BLANKS = " \t\n\u000b\f\r";
    private static final String SIZE_SUFFIXES = "BKMGTPE";
    private static final int BITS_A_SUFFIX = 10;
    /** Longer than any number that fits: the bound keeps a hostile option from costing time. */
    private static final int MAX_LENGTH = 128;

    private OptionNumbers() {}

    static long int64(String text) {
        BigInteger value = integer(text);
        if (value.bitLength() > Long.SIZE - 1) {
            throw new NumberFormatException();
        }
        return value.longValue();
    }

    /** All 64 bits; as in C, a negative number stands for its two's complement. */
    static long uint64(String text) {
        BigInteger value = integer(text);
        if (value.abs().bitLength() > Long.SIZE) {
            throw new NumberFormatException();
        }
        return value.longValue();
    }

    private static BigInteger integer(String text) {
        String digits = stripBlanks(text);
        boolean negative = digits.startsWith("-");
        if (negative || digits.startsWith("+")) {
            digits = digits.substring(1);
        }
        int radix = 10;
        if (isHex(digits)) {
            radix = 16;
            digits = digits.substring(2);
        } else if (digits.startsWith("0b") || digits.startsWith("0B")) {
            radix = 2;
            digits = digits.substring(2);
        } else if (digits.startsWith("0")) {
            radix = 8;
        }
        BigInteger value = magnitude(digits, radix);
        return negative ? value.negate() : value;
    }

    /** A number of bytes: decimal with an optional suffix, which allows a fraction, or plain hexadecimal. */
    static long size(String text) {
        String digits = stripBlanks(text);
        if (isHex(digits)) {
            return fit(magnitude(digits.substring(2), 16));
        }
        if (digits.isEmpty()) {
            throw new NumberFormatException();
        }
        int suffix = SIZE_SUFFIXES.indexOf(Character.toUpperCase(digits.charAt(digits.length() - 1)));
        if (suffix >= 0) {
            digits = digits.substring(0, digits.length() - 1);
        }
        int point = digits.indexOf('.');
        if (point < 0) {
            return fit(magnitude(digits, 10).shiftLeft(Math.max(suffix, 0) * BITS_A_SUFFIX));
        }
        if (suffix <= 0) {
            throw new NumberFormatException();
        }
        magnitude(digits.substring(0, point), 10);
        String fraction = digits.substring(point + 1);
        if (!fraction.isEmpty()) {
            magnitude(fraction, 10);
        }
        return fit(new BigDecimal(digits)
                .multiply(new BigDecimal(BigInteger.ONE.shiftLeft(suffix * BITS_A_SUFFIX)))
                .toBigInteger());
    }

    static double number(String text) {
        String lower = stripBlanks(text).toLowerCase(Locale.ROOT);
        // Java takes suffixes (1.0f) and names (NaN, Infinity) that C does not, or that are not finite.
        if (lower.isEmpty() || lower.length() > MAX_LENGTH || !lower.matches("[-+]?[0-9.]+(e[-+]?[0-9]+)?")) {
            throw new NumberFormatException();
        }
        double value = Double.parseDouble(lower);
        if (Double.isInfinite(value)) {
            throw new NumberFormatException();
        }
        return value;
    }

    private static long fit(BigInteger value) {
        if (value.bitLength() > Long.SIZE) {
            throw new NumberFormatException();
        }
        return value.longValue();
    }

    private static boolean isHex(String digits) {
        return digits.startsWith("0x") || digits.startsWith("0X");
    }

    private static BigInteger magnitude(String digits, int radix) {
        if (digits.isEmpty() || digits.length() > MAX_LENGTH) {
            throw new NumberFormatException();
        }
        for (int i = 0; i < digits.length(); i++) {
            // BigInteger itself would take a sign, and digits of other scripts.
            if (digits.charAt(i) > 'f' || Character.digit(digits.charAt(i), radix) < 0) {
                throw new NumberFormatException();
            }
        }
        return new BigInteger(digits, radix);
    }

    private static String stripBlanks(String text) {
        int start = 0;
        while (start < text.length() && BLANKS.indexOf(text.charAt(start)) >= 0) {
            start++;
        }
        return text.substring(start);
    }
}
