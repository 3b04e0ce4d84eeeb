package org.qsd4j.daemon;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ImageNames;
import org.qsd4j.daemon.Getopt.Option;
import org.qsd4j.daemon.Getopt.UsageException;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.QemuOpts;
import org.qsd4j.qapi.gen.ObjectOptions;

/**
 * Makes a new, empty image file. It takes what {@code qemu-img create} takes, but leaves alone what exists unless it is told
 * otherwise. QEMU: {@code bdrv_img_create}.
 */
final class CreateCommand implements Subcommand {
    private static final String DEFAULT_FORMAT = "qcow2";
    private static final String BACKING = "backing";
    private static final String BACKING_FORMAT = "backing-format";
    private static final String PASSPHRASE_FILE = "passphrase-file";
    private static final String PASSPHRASE_ID = "qsd4j-passphrase";
    private static final String BACKING_HINT = "Could not open backing image.";

    @Override
    public String name() {
        return "create";
    }

    @Override
    public String synopsis() {
        return "IMAGE [SIZE] [-f qcow2|raw|luks] [-o OPTION=VALUE,…|help] [-b IMAGE -F FORMAT [-u]] [-q] [--force]"
                + " [--passphrase-file FILE | --object secret,id=…,…]";
    }

    @Override
    public String summary() {
        return "make a new disk image, qcow2 unless -f says otherwise; sizes as in 10G; a passphrase is all of its file";
    }

    @Override
    public List<Option> options() {
        return List.of(
                new Option("format", 'f', true),
                new Option("options", 'o', true),
                new Option(BACKING, 'b', true),
                new Option(BACKING_FORMAT, 'F', true),
                new Option(BACKING_FORMAT, 'B', true),
                new Option("backing-unsafe", 'u', false),
                new Option("quiet", 'q', false),
                new Option("force", false),
                new Option("object", true),
                new Option(PASSPHRASE_FILE, true));
    }

    @Override
    public int run(Tool tool, ToolArguments arguments) throws Exception {
        String named = arguments.get("format");
        String format = named == null ? DEFAULT_FORMAT : named;
        List<String> operands = arguments.operands();
        if (arguments.all("options").stream().anyMatch(List.of("help", "?")::contains)) {
            tool.out().print(new FormatOptions(format).help(format));
            return 0;
        }
        if (operands.isEmpty()) {
            throw new UsageException("Expecting image file name");
        }
        if (operands.size() > 2) {
            throw new UsageException("Unexpected argument: " + operands.get(2));
        }
        Long size = operands.size() < 2 ? null : parseSize(operands.get(1));
        try (StorageEngine engine = new StorageEngine(tool.report()::error, event -> {})) {
            for (String object : arguments.all("object")) {
                engine.objects().add(ObjectOptions.visit(OptionArgument.objectVisitor(object, tool.out()), null));
            }
            create(tool, arguments, format, size, engine);
        }
        return 0;
    }

    static long parseSize(String text) {
        long size;
        try {
            size = QemuOpts.size("size", text);
        } catch (QapiException e) {
            throw e.desc().contains("out of range")
                    ? tooLarge()
                    : QapiException.generic("Invalid image size specified: '%s'", text);
        }
        if (size < 0) {
            throw tooLarge();
        }
        return size;
    }

    private static QapiException tooLarge() {
        return QapiException.generic("Invalid image size specified. Must be between 0 and %d.", Long.MAX_VALUE);
    }

    private static void create(
            Tool tool, ToolArguments arguments, String format, @Nullable Long size, StorageEngine engine)
            throws UsageException {
        String image = arguments.operands().get(0);
        try {
            requireFileName(image);
            FormatOptions options = options(arguments, format);
            if (options.helpWanted()) {
                tool.out().print(options.help(format));
                return;
            }
            readPassphrase(arguments.get(PASSPHRASE_FILE), format, options, engine);
            long found = size(tool, arguments, size, options);
            new NewImageFile(engine.graph(), options, arguments.has("force")).create(image, format, found);
            if (!arguments.has("quiet")) {
                tool.out().print(image + ": " + format + ", " + InfoCommand.size(found) + "\n");
            }
        } catch (QapiException e) {
            throw e.prepend("%s: ", image);
        }
    }

    /** What other commands take for a name of something else than a file would be hard to get hold of again. */
    private static void requireFileName(String image) {
        int colon = image.indexOf(':');
        int slash = image.indexOf('/');
        if (colon >= 0 && (slash < 0 || colon < slash)) {
            throw QapiException.generic("Unknown protocol '%s'", image.substring(0, colon));
        }
    }

    private static FormatOptions options(ToolArguments arguments, String format) {
        FormatOptions options = new FormatOptions(format);
        for (String text : arguments.all("options")) {
            if (text.isEmpty()) {
                throw QapiException.generic("Invalid option list: ");
            }
            options.read(text);
        }
        String backing = arguments.get(BACKING);
        if (backing != null) {
            if (!options.takes(FormatOptions.BACKING_FILE)) {
                throw QapiException.generic("Backing file not supported for file format '%s'", format);
            }
            options.set(FormatOptions.BACKING_FILE, backing);
        }
        String backingFormat = arguments.get(BACKING_FORMAT);
        if (backingFormat != null) {
            if (!options.takes(FormatOptions.BACKING_FORMAT)) {
                throw QapiException.generic("Backing file format not supported for file format '%s'", format);
            }
            options.set(FormatOptions.BACKING_FORMAT, backingFormat);
        }
        return options;
    }

    /** The short way to a secret object and the options that name it. */
    private static void readPassphrase(
            @Nullable String file, String format, FormatOptions options, StorageEngine engine) throws UsageException {
        if (file == null) {
            return;
        }
        String key = format.equals("luks") ? "key-secret" : "encrypt.key-secret";
        if (!options.takes(key)) {
            throw new UsageException("an image of format " + format + " has no passphrase");
        }
        if (options.get(key) != null) {
            throw new UsageException("--passphrase-file and " + key + " say the same thing");
        }
        engine.objects()
                .add(ObjectOptions.visit(
                        new JsonInputVisitor(QapiJson.object()
                                .put("qom-type", "secret")
                                .put("id", PASSPHRASE_ID)
                                .put("file", file)),
                        null));
        options.set(key, PASSPHRASE_ID);
        if (!format.equals("luks") && options.get("encrypt.format") == null) {
            options.set("encrypt.format", "luks");
        }
    }

    /** As given in either way, or the backing file's. */
    private static long size(Tool tool, ToolArguments arguments, @Nullable Long operand, FormatOptions options) {
        String option = options.get(FormatOptions.SIZE);
        if (operand != null && option != null) {
            throw QapiException.generic("The image size must be specified only once");
        }
        Long size = option == null ? operand : Long.valueOf(parseSize(option));
        String backing = options.get(FormatOptions.BACKING_FILE);
        if (backing != null && backing.isEmpty()) {
            throw QapiException.generic("Expected backing file name, got empty string");
        }
        if (backing != null && backing.equals(arguments.operands().get(0))) {
            throw QapiException.generic("Error: Trying to create an image with the same filename as the backing file");
        }
        if (backing != null && !arguments.has("backing-unsafe")) {
            long behind = backingSize(tool, arguments.operands().get(0), backing, options);
            size = size == null ? Long.valueOf(behind) : size;
        }
        if (size == null) {
            throw QapiException.generic("Image creation needs a size parameter");
        }
        return size;
    }

    /** An image that can't be opened, or not be opened safely, is no backing file. Encrypted ones stay locked. */
    private static long backingSize(Tool tool, String image, String backing, FormatOptions options) {
        String format = options.get(FormatOptions.BACKING_FORMAT);
        String path = ImageNames.resolve(Path.of(image).toString(), backing);
        try (StorageEngine engine = StorageEngine.locked(tool.report()::error)) {
            BlockNode node;
            try {
                node = engine.graph().addImage(path, format, false);
            } catch (QapiException e) {
                throw e.withHint(BACKING_HINT);
            }
            if (format == null) {
                throw QapiException.generic("Backing file specified without backing format")
                        .withHint("Detected format of " + node.driver().formatName() + ".");
            }
            return node.sectorAlignedLength();
        }
    }
}
