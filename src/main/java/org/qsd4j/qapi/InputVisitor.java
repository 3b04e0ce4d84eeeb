package org.qsd4j.qapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Walks a tree of input for generated code, which asks for what the schema says, member by member. Whatever doesn't fit
 * is an error in QEMU's words. QEMU: {@code QObjectInputVisitor}. Subclasses say how scalars look in their form of
 * input. A visitor is used once, by one thread; after an error it is thrown away.
 *
 * <p>A member is named by {@code name} within an object; an element of a list and the top have no name.
 */
public abstract class InputVisitor {
    private static final long MAX_UINT32 = 0xffffffffL;

    private final JsonNode root;
    private final boolean keyval;
    private @Nullable Frame top;

    /** An object or list that has been started and not yet ended. */
    private static final class Frame {
        private final @Nullable Frame outer;
        private final @Nullable String name;
        private final JsonNode node;
        private final List<String> visited = new ArrayList<>();
        private int index = -1;

        Frame(@Nullable Frame outer, @Nullable String name, JsonNode node) {
            this.outer = outer;
            this.name = name;
            this.node = node;
        }
    }

    /**
     * @param keyval true for the command line's form, whose lists are written as {@code name.0}, not {@code name[0]}
     */
    InputVisitor(JsonNode root, boolean keyval) {
        this.root = root;
        this.keyval = keyval;
    }

    /** Enters an object. */
    public final void startStruct(@Nullable String name) {
        JsonNode node = take(name);
        if (!(node instanceof ObjectNode)) {
            throw wrongType(name, "object");
        }
        top = new Frame(top, name, node);
    }

    /** Refuses members of the innermost object that nobody has asked for; every other one has been read once. */
    public final void checkStruct() {
        Frame frame = frame();
        if (frame.visited.size() < frame.node.size()) {
            String name = UnexpectedMember.first(List.of(QDictOrder.keys((ObjectNode) frame.node)), frame.visited);
            throw QapiException.generic("Parameter '%s' is unexpected", fullName(name));
        }
    }

    /** Leaves the innermost object. */
    public final void endStruct() {
        top = frame().outer;
    }

    /** Whether the innermost object has a member of that name. */
    public final boolean optional(String name) {
        return frame().node.has(name);
    }

    /** Enters a list; its elements come one by one with {@link #nextElement}. */
    public final void startList(@Nullable String name) {
        JsonNode node = take(name);
        if (!(node instanceof ArrayNode)) {
            throw wrongType(name, "array");
        }
        top = new Frame(top, name, node);
    }

    /** Steps to the next element of the innermost list; false at its end. */
    public final boolean nextElement() {
        Frame frame = frame();
        frame.index++;
        return frame.index < frame.node.size();
    }

    /** Leaves the innermost list. */
    public final void endList() {
        top = frame().outer;
    }

    /** The kind of an alternate's value, which is then read like any other. */
    public final JsonKind alternate(@Nullable String name) {
        JsonNode node = find(name);
        if (node == null) {
            throw missing(name);
        }
        return switch (node.getNodeType()) {
            case OBJECT -> JsonKind.DICT;
            case ARRAY -> JsonKind.LIST;
            case STRING -> JsonKind.STRING;
            case BOOLEAN -> JsonKind.BOOL;
            case NUMBER -> JsonKind.NUMBER;
            default -> JsonKind.NULL;
        };
    }

    public abstract String str(@Nullable String name);

    public abstract boolean bool(@Nullable String name);

    public abstract double number(@Nullable String name);

    public abstract long int64(@Nullable String name);

    /** All 64 bits of an unsigned integer. */
    public abstract long uint64(@Nullable String name);

    /** A number of bytes, as the 64 bits of an unsigned integer. */
    public abstract long size(@Nullable String name);

    public final int int8(@Nullable String name) {
        return (int) signed(name, Byte.MIN_VALUE, Byte.MAX_VALUE, "int8_t");
    }

    public final int int16(@Nullable String name) {
        return (int) signed(name, Short.MIN_VALUE, Short.MAX_VALUE, "int16_t");
    }

    public final int int32(@Nullable String name) {
        return (int) signed(name, Integer.MIN_VALUE, Integer.MAX_VALUE, "int32_t");
    }

    public final int uint8(@Nullable String name) {
        return (int) unsigned(name, 0xff, "uint8_t");
    }

    public final int uint16(@Nullable String name) {
        return (int) unsigned(name, 0xffff, "uint16_t");
    }

    public final long uint32(@Nullable String name) {
        return unsigned(name, MAX_UINT32, "uint32_t");
    }

    /** Any value at all, as it stands; it stays part of the input. */
    public final JsonNode any(@Nullable String name) {
        return take(name);
    }

    public final QNull qnull(@Nullable String name) {
        if (!take(name).isNull()) {
            throw wrongType(name, "null");
        }
        return QNull.INSTANCE;
    }

    /** The error for a value that is of no branch's JSON type; it names the last member alone. */
    public final QapiException wrongAlternate(@Nullable String name, String expected) {
        return QapiException.generic("Invalid parameter type for '%s', expected: %s", String.valueOf(name), expected);
    }

    /** The error for a value of another JSON type. */
    final QapiException wrongType(@Nullable String name, String expected) {
        return QapiException.generic("Invalid parameter type for '%s', expected: %s", fullName(name), expected);
    }

    /** The error for a string that is none of an enumeration's values; it names the last member alone. */
    public final QapiException unknownEnumValue(@Nullable String name, String value) {
        return QapiException.generic("Parameter '%s' does not accept value '%s'", String.valueOf(name), value);
    }

    /** The error for a scalar whose text or range doesn't fit. */
    final QapiException invalidValue(@Nullable String name, String expected) {
        return QapiException.generic("Parameter '%s' expects %s", fullName(name), expected);
    }

    /** The error for an object or list in a scalar's place, on the command line. */
    final QapiException notScalar(@Nullable String name) {
        return QapiException.generic("Parameters '%s.*' are unexpected", fullName(name));
    }

    /** The value, which then counts as visited. */
    final JsonNode take(@Nullable String name) {
        JsonNode node = find(name);
        if (node == null) {
            throw missing(name);
        }
        if (name != null) {
            frame().visited.add(name);
        }
        return node;
    }

    private @Nullable JsonNode find(@Nullable String name) {
        Frame frame = top;
        if (frame == null) {
            return root;
        }
        return name == null ? frame.node.get(frame.index) : frame.node.get(name);
    }

    private QapiException missing(@Nullable String name) {
        return QapiException.generic("Parameter '%s' is missing", fullName(name));
    }

    private long signed(@Nullable String name, long min, long max, String type) {
        long value = int64(name);
        if (value < min || value > max) {
            throw outOfRange(name, type);
        }
        return value;
    }

    private long unsigned(@Nullable String name, long max, String type) {
        long value = uint64(name);
        if (Long.compareUnsigned(value, max) > 0) {
            throw outOfRange(name, type);
        }
        return value;
    }

    private static QapiException outOfRange(@Nullable String name, String type) {
        return QapiException.generic("Parameter '%s' expects %s", String.valueOf(name), type);
    }

    private Frame frame() {
        if (top == null) {
            throw new IllegalStateException("not inside an object or list");
        }
        return top;
    }

    /** The path from the top: {@code addr.data.path}, {@code iothread[0]}. */
    private String fullName(@Nullable String name) {
        StringBuilder path = new StringBuilder();
        String last = name;
        for (Frame frame = top; frame != null; frame = frame.outer) {
            if (frame.node instanceof ObjectNode) {
                path.insert(0, last == null ? "<anonymous>" : last).insert(0, '.');
            } else {
                path.insert(0, keyval ? "." + frame.index : "[" + frame.index + "]");
            }
            last = frame.name;
        }
        if (last != null) {
            return path.insert(0, last).toString();
        }
        if (path.isEmpty()) {
            return "<anonymous>";
        }
        return path.charAt(0) == '.' ? path.substring(1) : path.toString();
    }
}
