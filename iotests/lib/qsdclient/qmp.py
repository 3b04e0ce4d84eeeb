"""QMP over a stream socket: commands, out-of-band commands, events, time limits."""

import json
import socket
import time

DEFAULT_TIMEOUT = 10.0


class QmpError(Exception):
    """The conversation itself failed: connection lost, malformed reply."""


class QmpTimeout(QmpError):
    """Nothing (or nothing that matches) arrived in time."""


class QmpCommandError(QmpError):
    """The daemon answered a command with an error."""

    def __init__(self, error):
        super().__init__(f"{error['class']}: {error['desc']}")
        self.error_class = error["class"]
        self.desc = error["desc"]


class QmpClient:
    """One monitor connection.  Not thread-safe.

    Events that arrive while a reply is awaited are kept in `events`, oldest first.
    """

    def __init__(self, address, timeout=DEFAULT_TIMEOUT):
        """address: path of a Unix socket (a leading NUL is an abstract one), (host, port), or a connected socket."""
        self.timeout = timeout
        self.events = []
        self.greeting = None
        self._buffer = b""
        self._replies = []
        self._decoder = json.JSONDecoder()
        if isinstance(address, socket.socket):
            self.sock = address
        else:
            family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
            self.sock = socket.socket(family, socket.SOCK_STREAM)
            self.sock.settimeout(timeout)
            self.sock.connect(address)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.sock.close()

    def negotiate(self, oob=False):
        """Reads the greeting and leaves negotiation mode; returns the greeting."""
        self.read_greeting()
        self.execute("qmp_capabilities", {"enable": ["oob"]} if oob else None)
        return self.greeting

    def read_greeting(self):
        self.greeting = self.receive()
        if "QMP" not in self.greeting:
            raise QmpError(f"not a QMP greeting: {self.greeting}")
        return self.greeting

    def send(self, message):
        """Sends bytes or text as they are, anything else as JSON."""
        if isinstance(message, str):
            message = message.encode()
        elif not isinstance(message, bytes):
            message = json.dumps(message).encode() + b"\n"
        try:
            self.sock.sendall(message)
        except OSError as e:
            raise QmpError(f"cannot send: {e}") from e

    def receive(self, timeout=None):
        """The next message of any kind, straight from the wire."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            message = self._decode()
            if message is not None:
                return message
            self._fill(deadline)

    def receive_bytes(self, timeout=None):
        """Whatever is there, undecoded; b'' once the daemon has closed the connection."""
        data, self._buffer = self._buffer, b""
        if data:
            return data
        self.sock.settimeout(self.timeout if timeout is None else timeout)
        try:
            return self.sock.recv(65536)
        except socket.timeout:
            raise QmpTimeout("nothing received") from None
        except ConnectionResetError:
            return b""

    def command(self, name, arguments=None, *, oob=False, timeout=None, **extra):
        """Sends a command, returns the whole reply; `extra` holds further members such as id."""
        message = {"exec-oob" if oob else "execute": name}
        if arguments is not None:
            message["arguments"] = arguments
        message.update(extra)
        self.send(message)
        return self.receive_reply(timeout)

    def execute(self, name, arguments=None, **options):
        """Sends a command, returns its result; an error reply becomes a QmpCommandError."""
        reply = self.command(name, arguments, **options)
        if "error" in reply:
            raise QmpCommandError(reply["error"])
        if "return" not in reply:
            raise QmpError(f"not a reply: {reply}")
        return reply["return"]

    def receive_reply(self, timeout=None):
        """The next message that is no event."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            if self._replies:
                return self._replies.pop(0)
            self._sort(self.receive(max(0.0, deadline - time.monotonic())))

    def wait_event(self, name, match=None, timeout=None):
        """Takes the oldest event of that name whose data satisfies match(data), waiting for it if need be."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        seen = 0
        while True:
            for event in self.events[seen:]:
                if event["event"] == name and (match is None or match(event.get("data", {}))):
                    self.events.remove(event)
                    return event
            seen = len(self.events)
            try:
                self._sort(self.receive(max(0.0, deadline - time.monotonic())))
            except QmpTimeout:
                others = ", ".join(e["event"] for e in self.events) or "no event"
                raise QmpTimeout(f"no {name} in time (seen: {others})") from None

    def next_event(self, timeout=None):
        """Takes the oldest event, waiting for one if need be."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while not self.events:
            self._sort(self.receive(max(0.0, deadline - time.monotonic())))
        return self.events.pop(0)

    def drain_events(self):
        """All events that have arrived so far."""
        while True:
            try:
                self._sort(self.receive(0))
            except QmpError:
                break
        events, self.events = self.events, []
        return events

    def _sort(self, message):
        (self.events if "event" in message else self._replies).append(message)

    def _decode(self):
        text = self._buffer.lstrip()
        # A message ends with a newline; in pretty mode newlines stand inside it, too.
        end = text.find(b"\n")
        while end >= 0:
            try:
                message = json.loads(text[:end])
            except ValueError:
                end = text.find(b"\n", end + 1)
                continue
            self._buffer = text[end + 1 :]
            return message
        return None

    def _fill(self, deadline):
        # A deadline that has passed still takes what is already there.
        self.sock.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            data = self.sock.recv(262144)
        except socket.timeout:
            raise QmpTimeout("no message in time") from None
        except OSError as e:
            raise QmpError(f"cannot receive: {e}") from e
        if not data:
            raise QmpError("the daemon closed the connection")
        self._buffer += data
