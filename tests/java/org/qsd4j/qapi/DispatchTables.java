package org.qsd4j.qapi;

import java.lang.reflect.Constructor;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import org.qsd4j.qapi.gen.QmpDispatchTable;

/** A dispatch table over commands that do nothing but say that they were reached, whatever modules the schema has. */
final class DispatchTables {
    private DispatchTables() {}

    /** Every call throws {@link UnsupportedOperationException} with the method's name and arguments. */
    static QmpDispatchTable refusing() {
        Constructor<?> constructor = QmpDispatchTable.class.getConstructors()[0];
        Object[] modules = Arrays.stream(constructor.getParameterTypes())
                .map(DispatchTables::refusing)
                .toArray();
        try {
            return (QmpDispatchTable) constructor.newInstance(modules);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    private static Object refusing(Class<?> module) {
        return Proxy.newProxyInstance(module.getClassLoader(), new Class<?>[] {module}, (proxy, method, args) -> {
            throw new UnsupportedOperationException(method.getName() + Arrays.toString(args));
        });
    }
}
