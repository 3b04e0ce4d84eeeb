package org.qsd4j.block.driver.throttle;

import java.util.Set;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsThrottle;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.throttle.ThrottleGroup;

/** Driver {@code throttle}. */
public final class ThrottleDriver implements BlockDriver {
    private final ObjectRegistry objects;

    /** @param objects where the groups are */
    public ThrottleDriver(ObjectRegistry objects) {
        this.objects = objects;
    }

    @Override
    public String formatName() {
        return "throttle";
    }

    @Override
    public boolean isFilter() {
        return true;
    }

    @Override
    public Set<String> strongOptions() {
        return Set.of("throttle-group");
    }

    @Override
    public Set<String> changeableOptions() {
        return Set.of("throttle-group");
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockdevOptionsThrottle options = ((BlockdevOptions.Throttle) request.options()).u();
        BlockChild file = request.openChild("file", options.file(), ChildRole.FILTERED | ChildRole.PRIMARY);
        ThrottleGroup group = objects.findThrottleGroup(options.throttleGroup());
        if (group == null) {
            throw QapiException.generic("Throttle group '%s' does not exist", options.throttleGroup());
        }
        return new ThrottleNode(request, file, group.join());
    }
}
