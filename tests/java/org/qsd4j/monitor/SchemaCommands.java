package org.qsd4j.monitor;

import java.lang.reflect.Constructor;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import org.qsd4j.qapi.gen.QmpDispatchTable;

/** The schema's dispatch table with the given handlers; the commands of other modules fail the test that calls them. */
final class SchemaCommands {
    private SchemaCommands() {}

    static CommandTable of(Object... handlers) {
        Constructor<?> constructor = QmpDispatchTable.class.getConstructors()[0];
        Object[] modules = Arrays.stream(constructor.getParameterTypes())
                .map(type -> handler(type, handlers))
                .toArray();
        try {
            return CommandTable.of((QmpDispatchTable) constructor.newInstance(modules));
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.toString(), e);
        }
    }

    private static Object handler(Class<?> type, Object... handlers) {
        for (Object handler : handlers) {
            if (type.isInstance(handler)) {
                return handler;
            }
        }
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
            throw new AssertionError("no handler for " + method);
        });
    }
}
