package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.qsd4j.crypto.Passphrase;
import org.qsd4j.testing.RealTools;

/** The real qemu-img and qemu-io, as {@link RealTools} finds them, on qcow2 images. */
final class QemuTools {
    /** Of encrypted images, as the tools get it: the secret "s". */
    private static final String SECRET = "secret,id=s,data=a passphrase";

    /** What our driver gets for "s". */
    static final Function<String, byte[]> SECRETS =
            id -> id.equals("s") ? "a passphrase".getBytes(StandardCharsets.UTF_8) : Passphrase.NONE.apply(id);

    private QemuTools() {}

    /** The next one after the one that {@link #run} takes, as a rule of another version; null if there is none. */
    static @Nullable String otherQemuImg() {
        List<String> all = RealTools.findAll("qemu-img");
        return all.size() < 2 ? null : all.get(1);
    }

    static RealTools.Result run(String tool, String... args) {
        return runProgram(RealTools.find(tool), args);
    }

    static RealTools.Result runProgram(String program, String... args) {
        try {
            return RealTools.runProgram(program, args);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static String ok(String tool, String... args) {
        RealTools.Result outcome = run(tool, args);
        assertThat(outcome.exitCode())
                .as("%s %s: %s", tool, List.of(args), outcome.output())
                .isZero();
        return outcome.output();
    }

    static void create(Path image, String options, String size) {
        List<String> args = new ArrayList<>(List.of("create", "-q", "-f", "qcow2"));
        if (!options.isEmpty()) {
            args.addAll(List.of("--object", SECRET, "-o", options));
        }
        args.addAll(List.of(image.toString(), size));
        ok("qemu-img", args.toArray(new String[0]));
    }

    static void io(Path image, String... commands) {
        List<String> args = new ArrayList<>();
        for (String command : commands) {
            args.addAll(List.of("-c", command));
        }
        String output = ok("qemu-io", onImage(image, args.toArray(new String[0])));
        assertThat(output).doesNotContain("failed");
    }

    /** The arguments, the ones that an encrypted image needs, and the image. */
    static String[] onImage(Path image, String... arguments) {
        List<String> args = new ArrayList<>(List.of(arguments));
        if (isEncrypted(image)) {
            args.addAll(List.of("--object", SECRET, "--image-opts"));
            args.add("driver=qcow2,encrypt.key-secret=s,file.driver=file,file.filename=" + image);
        } else {
            args.addAll(List.of("-f", "qcow2", image.toString()));
        }
        return args.toArray(new String[0]);
    }

    private static boolean isEncrypted(Path image) {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "r")) {
            file.seek(32);
            return file.readInt() != 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The guest's view of an image, as bytes. */
    static byte[] contents(Path image, Path scratch) throws IOException {
        List<String> args = new ArrayList<>(List.of("convert", "-O", "raw"));
        args.addAll(List.of(onImage(image)));
        args.add(scratch.toString());
        ok("qemu-img", args.toArray(new String[0]));
        return Files.readAllBytes(scratch);
    }
}
