package org.qsd4j.qapi;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/** Reads JSON strictly: every scalar must have its own JSON type, no number is ever written as a string. */
public final class JsonInputVisitor extends InputVisitor {
    private static final BigInteger TWO_TO_64 = BigInteger.ONE.shiftLeft(Long.SIZE);

    public JsonInputVisitor(JsonNode root) {
        super(root, false);
    }

    @Override
    public String str(@Nullable String name) {
        JsonNode node = take(name);
        if (!node.isTextual()) {
            throw wrongType(name, "string");
        }
        return node.textValue();
    }

    @Override
    public boolean bool(@Nullable String name) {
        JsonNode node = take(name);
        if (!node.isBoolean()) {
            throw wrongType(name, "boolean");
        }
        return node.booleanValue();
    }

    @Override
    public double number(@Nullable String name) {
        JsonNode node = take(name);
        if (!node.isNumber()) {
            throw wrongType(name, "number");
        }
        return node.doubleValue();
    }

    @Override
    public long int64(@Nullable String name) {
        JsonNode node = take(name);
        if (!node.isIntegralNumber() || !node.canConvertToLong()) {
            throw wrongType(name, "integer");
        }
        return node.longValue();
    }

    /** Negative integers are taken for their two's complement, as QEMU has always done. */
    @Override
    public long uint64(@Nullable String name) {
        JsonNode node = take(name);
        if (node.isIntegralNumber()) {
            if (node.canConvertToLong()) {
                return node.longValue();
            }
            BigInteger value = node.bigIntegerValue();
            if (value.signum() > 0 && value.compareTo(TWO_TO_64) < 0) {
                return value.longValue();
            }
        }
        throw invalidValue(name, "uint64");
    }

    @Override
    public long size(@Nullable String name) {
        return uint64(name);
    }
}
