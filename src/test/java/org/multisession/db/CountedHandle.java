package org.multisession.db;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.multisession.testing.NamedDatabase;

/** A handle on a connection of its own to a real database, which counts how often a statement is run. */
public final class CountedHandle implements AutoCloseable {

    public final Handle handle;

    private final Connection connection;
    private final AtomicInteger runs = new AtomicInteger();

    /**
     * @param name of the database, for {@link NamedDatabase}
     * @param words that statements contain beside those of the vendor
     */
    public CountedHandle(String name, Vendor vendor, Map<String, String> words) throws SQLException {
        connection = NamedDatabase.isOnServer(name)
                ? DriverManager.getConnection(name + "?user=postgres&stringtype=unspecified")
                : DriverManager.getConnection("jdbc:sqlite:" + name);
        Vocabulary vocabulary = Vocabulary.of(vendor).with(words);
        Connection counting = proxy(Connection.class, (method, arguments) -> {
            Object result = method.invoke(connection, arguments);
            return result instanceof PreparedStatement statement ? counting(statement) : result;
        });
        handle = new Handle(counting, new PreparedStatements(counting, vendor, () -> vocabulary));
    }

    private PreparedStatement counting(PreparedStatement statement) {
        return proxy(PreparedStatement.class, (method, arguments) -> {
            if (method.getName().startsWith("execute")) {
                runs.incrementAndGet();
            }
            return method.invoke(statement, arguments);
        });
    }

    @FunctionalInterface
    private interface Call {
        Object on(java.lang.reflect.Method method, Object[] arguments) throws ReflectiveOperationException;
    }

    private static <T> T proxy(Class<T> type, Call call) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    try {
                        return call.on(method, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }

    /** How many statements have run since this was asked last. */
    public int runs() {
        return runs.getAndSet(0);
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
