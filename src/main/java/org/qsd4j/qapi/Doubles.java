package org.qsd4j.qapi;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/** Floating point numbers as C's {@code printf} writes them with {@code %.17g}. */
final class Doubles {
    private static final int DIGITS = 17;
    private static final int MIN_PLAIN_EXPONENT = -4;

    private Doubles() {}

    static String format17(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        String sign = Double.doubleToRawLongBits(value) < 0 ? "-" : "";
        if (value == 0) {
            return sign + "0";
        }
        BigDecimal rounded = new BigDecimal(Math.abs(value))
                .round(new MathContext(DIGITS, RoundingMode.HALF_EVEN))
                .stripTrailingZeros();
        int exponent = rounded.precision() - rounded.scale() - 1;
        if (exponent >= MIN_PLAIN_EXPONENT && exponent < DIGITS) {
            return sign + rounded.toPlainString();
        }
        String digits = rounded.unscaledValue().toString();
        String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
        String padding = Math.abs(exponent) < 10 ? "0" : "";
        return sign + digits.charAt(0) + fraction + (exponent < 0 ? "e-" : "e+") + padding + Math.abs(exponent);
    }
}
