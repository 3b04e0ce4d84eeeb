package org.qsd4j.monitor.command;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.block.GraphTransaction;
import org.qsd4j.qapi.gen.TransactionAction;
import org.qsd4j.qapi.gen.TransactionCommands;
import org.qsd4j.qapi.gen.TransactionProperties;

/** The commands of transaction.json. */
@MainThread
public final class TransactionCommandsHandler implements TransactionCommands {
    private final GraphTransaction transaction;

    public TransactionCommandsHandler(GraphTransaction transaction) {
        this.transaction = transaction;
    }

    /** How jobs are completed matters to no action that there is. */
    @Override
    public void transaction(List<TransactionAction> actions, @Nullable TransactionProperties properties) {
        transaction.run(actions);
    }
}
