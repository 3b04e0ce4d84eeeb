package org.qsd4j.export.fuse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.TestGraph;
import org.qsd4j.export.BlockExports;
import org.qsd4j.export.fuse.wire.FuseOpcode;
import org.qsd4j.sys.NativeBuffer;

/** What a request costs without the kernel: decode, dispatch, block layer, null-co. As root, since an export mounts. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FuseDispatchBenchmark {
    private static final int BYTES = 4096;
    private static final int ARGUMENT_AT = 128;

    private final TestGraph nodes = new TestGraph();
    private BlockExports exports;
    private Path directory;
    private FuseDispatch dispatch;
    private FuseRequest read;
    private FuseRequest write;
    private FuseRequest getattr;

    @Setup
    public void setUp() throws IOException {
        BlockNode node = nodes.add("{'driver': 'null-co', 'node-name': 'node', 'size': 1073741824}");
        FuseExportDriver driver = new FuseExportDriver(System.err::println);
        driver.setIoUring(FuseSwitch.OFF);
        exports = new BlockExports(new MainLoop(), nodes.graph, id -> null, event -> {}, List.of(driver));
        directory = Files.createTempDirectory("qsd4j-jmh");
        Path mountpoint = Files.createFile(directory.resolve("m"));
        exports.add(FuseFixture.options("e", node.nodeName(), mountpoint, "'writable': true"));
        dispatch = new FuseDispatch((FuseExport) exports.find("e"));
        read = request(FuseOpcode.FUSE_READ);
        write = request(FuseOpcode.FUSE_WRITE);
        getattr = request(FuseOpcode.FUSE_GETATTR);
    }

    /** Opcode, offset and size lie where both fuse_read_in and fuse_write_in have them. */
    private static FuseRequest request(int opcode) {
        NativeBuffer memory = NativeBuffer.allocate(2 * BYTES);
        memory.putInt(4, opcode);
        memory.putLong(ARGUMENT_AT + 8, 8192);
        memory.putInt(ARGUMENT_AT + 16, BYTES);
        FuseRequest request = new FuseRequest(memory, 0, ARGUMENT_AT, BYTES);
        request.argumentBytes = 40;
        request.payloadBytes = BYTES;
        return request;
    }

    @TearDown
    public void tearDown() throws IOException {
        exports.closeAll(TimeUnit.SECONDS.toNanos(10));
        nodes.close();
        Files.delete(directory.resolve("m"));
        Files.delete(directory);
    }

    @Benchmark
    public int read4k() {
        return dispatch.handle(read);
    }

    @Benchmark
    public int write4k() {
        return dispatch.handle(write);
    }

    @Benchmark
    public int getattr() {
        return dispatch.handle(getattr);
    }
}
