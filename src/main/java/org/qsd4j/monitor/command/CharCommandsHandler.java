package org.qsd4j.monitor.command;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.chardev.ChardevOptions;
import org.qsd4j.chardev.Chardevs;
import org.qsd4j.chardev.RingbufChardev;
import org.qsd4j.qapi.Base64Text;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.CharCommands;
import org.qsd4j.qapi.gen.ChardevBackend;
import org.qsd4j.qapi.gen.ChardevBackendInfo;
import org.qsd4j.qapi.gen.ChardevInfo;
import org.qsd4j.qapi.gen.ChardevReturn;
import org.qsd4j.qapi.gen.DataFormat;

/** The commands of char.json. */
@MainThread
public final class CharCommandsHandler implements CharCommands {
    private final Chardevs chardevs;

    public CharCommandsHandler(Chardevs chardevs) {
        this.chardevs = chardevs;
    }

    @Override
    public List<ChardevInfo> queryChardev() {
        return chardevs.query();
    }

    @Override
    public List<ChardevBackendInfo> queryChardevBackends() {
        return Chardevs.KINDS.stream().map(ChardevBackendInfo::new).toList();
    }

    @Override
    public ChardevReturn chardevAdd(String id, ChardevBackend backend) {
        return chardevs.addById(new ChardevOptions(id, backend));
    }

    @Override
    public ChardevReturn chardevChange(String id, ChardevBackend backend) {
        return chardevs.change(new ChardevOptions(id, backend));
    }

    @Override
    public void chardevRemove(String id) {
        chardevs.remove(id);
    }

    @Override
    public void chardevSendBreak(String id) {
        chardevs.require(id).sendBreak();
    }

    @Override
    public void ringbufWrite(String device, String data, @Nullable DataFormat format) {
        chardevs.ringbuf(device)
                .write(format == DataFormat.BASE64 ? Base64Text.decode(data) : data.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String ringbufRead(String device, long size, @Nullable DataFormat format) {
        RingbufChardev ringbuf = chardevs.ringbuf(device);
        if (size <= 0) {
            throw QapiException.generic("size must be greater than zero");
        }
        byte[] bytes = ringbuf.read((int) Math.min(size, Integer.MAX_VALUE));
        return format == DataFormat.BASE64 ? Base64.getEncoder().encodeToString(bytes) : text(bytes);
    }

    /** As in C, a NUL ends a text; what comes behind it is lost. */
    private static String text(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        int end = text.indexOf(0);
        return end < 0 ? text : text.substring(0, end);
    }
}
