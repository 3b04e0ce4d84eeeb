package org.qsd4j.chardev;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A place to listen at or to connect to, of one kind of address. */
interface SocketTarget {
    /** Listening channels that don't read yet, at least one; throws QapiException. Main loop. */
    List<Channel> listen(EventLoop loop);

    /** Starts to connect; the channel doesn't read yet. Throws QapiException for what is wrong before that. */
    Connecting connect(EventLoop loop);

    /** The file that listening has made, to be removed in the end; null if there is none. */
    @Nullable
    String socketFile();

    /** What query-chardev shows without a peer, but for the role. */
    String filename(@Nullable Channel listener);

    /** What query-chardev shows with a peer. */
    String filenameOfPeer(Channel peer, String role);

    /** The place in the schema's form. */
    JsonNode address();

    /** The place as error messages call it. */
    String shown();

    /** A connection that is being made. */
    record Connecting(Channel channel, ChannelFuture done) {}
}
