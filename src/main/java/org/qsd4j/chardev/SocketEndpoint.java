package org.qsd4j.chardev;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.channel.Channel;

/** Where a socket chardev gets its peers from. */
interface SocketEndpoint {
    /** Starts to listen or connect; throws QapiException with the reason why not. Main loop. */
    void open(SocketChardev chardev);

    /** The last peer is gone; may the next one come. The socket thread. */
    void next(SocketChardev chardev);

    /** Takes no more peers, and removes a socket file of its own. The socket thread. */
    void close();

    /** Where it listens or connects, in the schema's form. Any thread, after {@link #open}. */
    JsonNode address();

    /** What query-chardev shows while there is no peer. Any thread, after {@link #open}. */
    String filename();

    /** What query-chardev shows while that peer is there. The socket thread. */
    String filename(Channel peer);
}
