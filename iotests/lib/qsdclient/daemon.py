"""Starting and stopping a storage daemon."""

import os
import signal
import subprocess
import tempfile
import time

from .qmp import QmpClient, QmpError

STOP_TIMEOUT = 10.0


class DaemonError(Exception):
    """The daemon did not come up; the text is what it said."""


class StorageDaemon:
    """A daemon with one QMP connection (`qmp`), up and negotiated once start() returns.

    Use it as a context manager, or call start() and stop() yourself.
    """

    def __init__(self, program, args=(), *, directory=None, oob=False, timeout=15.0, **popen_options):
        """args: further command-line options; directory: where the socket and stderr file go."""
        self._own_directory = None
        if directory is None:
            self._own_directory = tempfile.TemporaryDirectory(prefix="qsdclient-")
            directory = self._own_directory.name
        self.directory = directory
        self.program = program
        self.args = list(args)
        self.oob = oob
        self.timeout = timeout
        self.popen_options = popen_options
        self.process = None
        self.qmp = None
        self.start_seconds = 0.0
        self.socket_path = os.path.join(directory, f"qmp-{id(self):x}.sock")
        self._stderr = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()

    def command_line(self):
        monitor = ["--chardev", f"socket,id=qmp0,path={self.socket_path},server=on,wait=off", "--monitor", "qmp0"]
        return [self.program, *monitor, *self.args]

    def start(self):
        begin = time.monotonic()
        self._stderr = open(self.socket_path + ".stderr", "w+b")
        self.process = subprocess.Popen(
            self.command_line(), stdin=subprocess.DEVNULL, stderr=self._stderr, **self.popen_options
        )
        try:
            self.qmp = self.connect(begin + self.timeout)
            self.qmp.negotiate(self.oob)
        except QmpError as e:
            self.kill()
            raise DaemonError(self.stderr() or str(e)) from None
        self.start_seconds = time.monotonic() - begin
        return self

    def connect(self, deadline=None):
        """Another connection to the same monitor; served once the first has left."""
        deadline = deadline or time.monotonic() + self.timeout
        while True:
            try:
                return QmpClient(self.socket_path, self.timeout)
            except (FileNotFoundError, ConnectionRefusedError):
                if self.process.poll() is not None:
                    raise QmpError(f"exited with {self.process.returncode}") from None
                if time.monotonic() > deadline:
                    raise QmpError("no QMP socket in time") from None
                time.sleep(0.003)

    @property
    def pid(self):
        return self.process.pid

    def stderr(self):
        """What the daemon wrote to stderr so far."""
        self._stderr.seek(0)
        return self._stderr.read().decode(errors="replace")

    def stop(self):
        """Ends the daemon with quit; returns its exit status."""
        if self.process.poll() is None:
            try:
                self.qmp.execute("quit")
            except (QmpError, OSError):
                self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, timeout=STOP_TIMEOUT):
        """Waits for the end of a daemon that was told to end; returns its exit status (negative: a signal's number)."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise DaemonError(f"did not end within {timeout} s") from None
        if self.qmp:
            self.qmp.close()
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.qmp:
            self.qmp.close()
