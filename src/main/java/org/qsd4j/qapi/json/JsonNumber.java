package org.qsd4j.qapi.json;

import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NumericNode;
import java.math.BigInteger;

/** A number token made into a node: int64, else uint64, else the nearest double, which may be infinite. */
final class JsonNumber {
    private static final int LONG_DIGITS = 20;

    private JsonNumber() {}

    static NumericNode integer(ByteText token) {
        String text = token.ascii();
        if (text.length() <= LONG_DIGITS) {
            BigInteger value = new BigInteger(text);
            if (value.bitLength() < Long.SIZE) {
                return LongNode.valueOf(value.longValue());
            }
            if (value.signum() > 0 && value.bitLength() == Long.SIZE) {
                return BigIntegerNode.valueOf(value);
            }
        }
        return floating(token);
    }

    static NumericNode floating(ByteText token) {
        return DoubleNode.valueOf(Double.parseDouble(token.ascii()));
    }
}
