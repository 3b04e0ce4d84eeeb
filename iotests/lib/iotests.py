"""What a test imports: a daemon whose conversation is printed, the real tools, and image helpers.

A test prints what it does and what it sees; `check` compares that with the golden output.
It runs in an empty scratch directory, so relative names keep the transcript readable.
"""

import atexit
import ctypes
import errno
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time

import filters
from qsdclient import DaemonError, QmpClient, QmpError, QmpTimeout, StorageDaemon
from qsdclient.fuse import (
    FALLOC_FL_COLLAPSE_RANGE,
    FALLOC_FL_INSERT_RANGE,
    FALLOC_FL_KEEP_SIZE,
    FALLOC_FL_PUNCH_HOLE,
    FALLOC_FL_ZERO_RANGE,
    fallocate,
    is_mounted,
    mounts,
    wait_unmounted,
)

PROGRAM = os.environ["QSD_DAEMON"]
SCRATCH = os.getcwd()
FORMAT = os.environ.get("QSD_FORMAT", "raw")
PROTOCOL = os.environ.get("QSD_PROTOCOL", "file")
K, M, G = 1 << 10, 1 << 20, 1 << 30

sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")


def log(*values):
    """Prints a line of the transcript, filtered."""
    print(filters.text(" ".join(str(v) for v in values), SCRATCH, PROGRAM))


def title(words):
    """Begins a section of the transcript."""
    print(f"\n=== {words} ===")


def dump(value, indent=""):
    """JSON for the transcript: keys sorted; what fits stands on one line, what does not is indented."""
    line = json.dumps(value, sort_keys=True)
    if len(indent) + len(line) <= 140 or not isinstance(value, (dict, list)) or not value:
        return line
    deeper = indent + "  "
    if isinstance(value, dict):
        items = [f"{json.dumps(k)}: {dump(value[k], deeper)}" for k in sorted(value)]
        return "{\n" + ",\n".join(deeper + item for item in items) + "\n" + indent + "}"
    return "[\n" + ",\n".join(deeper + dump(item, deeper) for item in value) + "\n" + indent + "]"


def show(value):
    """What a call returned, as it is printed."""
    if isinstance(value, (bytes, bytearray)):
        return runs(value)
    if isinstance(value, (dict, list, tuple)):
        return dump(filters.message(json.loads(json.dumps(value))))
    return str(value)


def runs(data):
    """Bytes as runs of equal values: '512*0x11 512*0x00'; a text of at most 16 bytes as it is."""
    if len(data) <= 16 and data.isalnum():
        return repr(bytes(data))
    found = []
    at = 0
    while at < len(data) and len(found) < 24:
        value = data[at : at + 1]
        end = len(data) - len(data[at:].lstrip(value))
        found.append(f"{end - at}*0x{value[0]:02x}")
        at = end
    return " ".join(found) + (" ..." if at < len(data) else "") or "nothing"


def tell(label, call, *args, **kwargs):
    """Prints a call's result, or the name of its errno; returns the result or None."""
    try:
        value = call(*args, **kwargs)
    except OSError as e:
        log(f"{label}: {errno.errorcode.get(e.errno, e)}")
        return None
    log(f"{label}: {'ok' if value is None else show(value)}")
    return value


class Daemon(StorageDaemon):
    """The daemon under test.  Stopped at the end of the test if the test did not; what it said on stderr is printed."""

    def __init__(self, options="", start=True, show_stderr=True, **keywords):
        """options: command line, split as a shell does, or a list; show_stderr=False where the real one's noise has no fixed length."""
        self.show_stderr = show_stderr
        self.serves_nbd = False
        args = shlex.split(options) if isinstance(options, str) else options
        super().__init__(PROGRAM, args, directory=os.environ["QSD_SOCKETS"], **keywords)
        atexit.register(self._at_exit)
        if start:
            self.start()

    def __enter__(self):
        return self if self.process else self.start()

    def start(self):
        try:
            super().start()
        except DaemonError as e:
            log(f"the daemon did not start: {str(e).rstrip()}")
            raise
        count_start(self.start_seconds)
        return self

    def __call__(self, command, arguments=None, *, view=None, oob=False, request_id=None, timeout=None, **members):
        """Sends a command, prints it with its reply, returns the result (None for an error).

        Keywords become arguments, '_' in a name read as '-'; view(result) is printed instead of the result.
        """
        arguments = self._arguments(arguments, members)
        extra = {} if request_id is None else {"id": request_id}
        message = {"exec-oob" if oob else "execute": command}
        if arguments:
            message["arguments"] = arguments
        log("-> " + json.dumps({**message, **extra}))
        reply = self.qmp.command(command, arguments or None, oob=oob, timeout=timeout, **extra)
        result = reply.get("return")
        if view and "return" in reply:
            log("<- " + show(view(result)))
        elif "error" in reply:
            log("<- " + json.dumps(reply, sort_keys=True))
        else:
            log("<- " + show(reply))
        return result

    def do(self, command, arguments=None, **members):
        """Sends a command that has to succeed, printing nothing."""
        return self.qmp.execute(command, self._arguments(arguments, members) or None)

    @staticmethod
    def _arguments(arguments, members):
        return {**(arguments or {}), **{k.rstrip("_").replace("_", "-"): v for k, v in members.items()}}

    def event(self, name, match=None, timeout=None):
        """Waits for an event and prints it."""
        event = self.qmp.wait_event(name, match, timeout)
        log("** " + show(event))
        return event

    def events(self, view=lambda event: event):
        """Prints the events so far, oldest first. A request's thread may be ahead of the main loop, which sends its
        events before it answers the next command."""
        self.qmp.command("query-version")
        for event in self.qmp.drain_events():
            log("** " + show(view(event)))

    def conversation(self, text, replies=1):
        """Sends raw text, prints it and that many messages, events among them, as they come."""
        log("-> " + text.rstrip("\n"))
        self.qmp.send(text)
        for _ in range(replies):
            log("<- " + show(self.qmp.receive()))

    def wait_job(self, job, states=("null",)):
        """Waits for the job to reach one of the states, printing its state changes."""
        while True:
            event = self.qmp.wait_event("JOB_STATUS_CHANGE", lambda data: data["id"] == job)
            status = event["data"]["status"]
            log(f"** job {job}: {status}")
            if status in states:
                return status

    def run_job(self, command, arguments=None, **members):
        """Starts a job, prints command and reply, waits for its conclusion, prints its error if any, dismisses it."""
        arguments = self._arguments(arguments, members)
        job = arguments["job-id"]
        if self(command, arguments) is None:
            return
        self.qmp.wait_event("JOB_STATUS_CHANGE", lambda data: data["id"] == job and data["status"] == "concluded")
        for info in self.do("query-jobs"):
            if info["id"] == job:
                log(f"job {job}: {info.get('error', 'done')}")
        self.do("job-dismiss", id=job)
        self.qmp.wait_event("JOB_STATUS_CHANGE", lambda data: data["id"] == job and data["status"] == "null")
        self.qmp.drain_events()

    def open_image(self, node, path, fmt=None, **members):
        """Opens an image file as node NODE, its protocol node named NODE-file; prints nothing."""
        file = {"driver": "file", "node-name": node + "-file", "filename": path}
        return self.do("blockdev-add", driver=fmt or FORMAT, node_name=node, file=file, **members)

    def export(self, node, protocol=None, id="exp", writable=True, **members):
        """Exports a node over the test's protocol; returns the name under which the tools reach it."""
        if (protocol or PROTOCOL) == "fuse":
            mountpoint = f"{id}.fuse"
            open(mountpoint, "ab").close()
            self.do("block-export-add", type="fuse", id=id, node_name=node, mountpoint=mountpoint, writable=writable, **members)
            return mountpoint
        socket = os.path.join(os.environ["QSD_SOCKETS"], "nbd.sock")
        if not self.serves_nbd:
            self.serves_nbd = True
            self.do("nbd-server-start", addr={"type": "unix", "data": {"path": socket}})
        self.do("block-export-add", type="nbd", id=id, node_name=node, name=id, writable=writable, **members)
        return f"nbd+unix:///{id}?socket={socket}"

    def unexport(self, id="exp"):
        self.do("block-export-del", id=id)
        self.qmp.wait_event("BLOCK_EXPORT_DELETED", lambda data: data["id"] == id)

    def stop(self):
        status = super().stop()
        self._report(status)
        return status

    def ends(self, timeout=10.0):
        """Waits for the end of a daemon that was told to end by the test; prints its status."""
        status = self.wait(timeout)
        self._report(status)
        log(f"exit status {status}")

    def _report(self, status):
        for line in self.stderr().splitlines() if self.show_stderr else ():
            log("stderr: " + line)
        if status != 0:
            log(f"the daemon ended with {status}")

    def _at_exit(self):
        if self.process and self.process.returncode is None:
            if self.process.poll() is not None:
                log("the daemon ended early")
            self.stop()


def count_start(seconds):
    """Tells check how long a start took."""
    with open(os.environ["QSD_STATISTICS"], "a", encoding="ascii") as f:
        f.write(f"{seconds}\n")


def run_daemon(options, timeout=10.0, stdin=None, quiet=False, **popen_options):
    """Runs the daemon to its end with these options, prints command line, output and exit status."""
    args = shlex.split(options) if isinstance(options, str) else options
    if not quiet:
        log("$ PROG " + shlex.join(args))
    begin = time.monotonic()
    return _finish(subprocess.run(
        [PROGRAM, *args], stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=timeout, **popen_options), quiet, begin)


def _finish(done, quiet, begin=None):
    if begin is not None:
        count_start(time.monotonic() - begin)
    output = done.stdout.decode(errors="backslashreplace")
    if not quiet:
        if output.strip():
            log(output.rstrip())
        if done.returncode:
            log(f"exit status {done.returncode}")
    done.text = output
    return done


def find_tool(name):
    """Path of a tool of the real QEMU, or of any other program."""
    path = os.environ.get("QSD_TOOL_PATH", "") + ":" + os.environ["PATH"] + ":/usr/sbin:/sbin"
    found = shutil.which(name, path=path)
    if not found:
        raise FileNotFoundError(name)
    return found


def run(command, quiet=False, timeout=18, **options):
    """Runs a tool, prints command line, output and a status other than 0; returns the finished process (.text)."""
    args = shlex.split(command) if isinstance(command, str) else command
    if not quiet:
        log("$ " + shlex.join(args))
    options.setdefault("stdin", subprocess.DEVNULL)
    return _finish(subprocess.run([find_tool(args[0]), *args[1:]], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=timeout, **options), quiet)


def img(arguments, **options):
    """qemu-img."""
    args = shlex.split(arguments) if isinstance(arguments, str) else list(arguments)
    return run(["qemu-img", *args], **options)


def make(path, size, fmt=None, options="", backing=None):
    """Makes an image with qemu-img; prints nothing."""
    args = ["create", "-q", "-f", fmt or FORMAT]
    if options:
        args += ["-o", options]
    if backing:
        args += ["-b", backing[0], "-F", backing[1]]
    done = img([*args, path] + ([str(size)] if size is not None else []), quiet=True)
    if done.returncode:
        raise AssertionError(done.text)


def io(target, *commands, fmt="raw", options="", quiet=False):
    """qemu-io on an image or export, one -c a command."""
    args = ["qemu-io", "-f", fmt, *shlex.split(options)]
    for command in commands:
        args += ["-c", command]
    if not quiet:
        log("$ qemu-io " + " ".join(commands if len(commands) == 1 else [f"[{c}]" for c in commands]))
    done = _finish(subprocess.run([find_tool("qemu-io"), *args[1:], target], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=18), True)
    if not quiet and done.text.strip():
        log(done.text.rstrip())
    if done.returncode and not quiet:
        log(f"exit status {done.returncode}")
    return done


def image_map(target, fmt=None, options="", holes=True):
    """Prints what qemu-img map sees: start, length, depth, zero, data of each extent.

    holes=False: a hole of the file in a cluster with data counts as data; whether there is one depends on the file system."""
    done = img(["map", "--output=json", *shlex.split(options), "-f", fmt or "raw", target], quiet=True)
    extents = []
    try:
        for e in json.loads(done.text):
            words = [w for w, on in (("data", e["data"]), ("zero", e["zero"] and (holes or not e["data"]))) if on]
            kind = f"depth {e['depth']} {' '.join(words) or 'nothing'}"
            if not holes and extents and extents[-1][2] == kind:
                extents[-1][1] += e["length"]
            else:
                extents.append([e["start"], e["length"], kind])
        for start, length, kind in extents:
            log(f"{start:#x}+{length:#x} {kind}")
    except ValueError:
        log(done.text.rstrip())


def fill(path, *pieces, size=None):
    """Makes a raw file: pieces are (offset, length, byte)."""
    with open(path, "wb") as f:
        for offset, length, value in pieces:
            f.seek(offset)
            f.write(bytes([value]) * length)
        if size is not None:
            f.truncate(size)


def compare(one, fmt1, two, fmt2):
    """Says whether the guest data of two images are equal, with qemu-img compare."""
    done = img(["compare", "-U", "-f", fmt1, "-F", fmt2, one, two], quiet=True)
    log(f"compare {one} {two}: {done.text.strip()}")


def check_image(path, fmt=None):
    """Prints qemu-img check's verdict in one line."""
    done = img(["check", "--output=json", "-f", fmt or FORMAT, path], quiet=True)
    try:
        info = json.loads(done.text[done.text.index("{") :])
    except ValueError:
        log(f"check {path}: {done.text.strip()}")
        return
    faults = {k: v for k, v in info.items() if k in ("leaks", "corruptions", "check-errors") and v}
    log(f"check {path}: {dump(faults) if faults else 'clean'}")


def as_user(call, uid=65534):
    """What a call comes to when an ordinary user makes it: its value, or the name of its errno."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
        try:
            value = call()
            words = "ok" if value is None else show(value)
        except OSError as e:
            words = errno.errorcode.get(e.errno, str(e))
        os.write(writer, words.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as f:
        words = f.read().decode()
    os.waitpid(pid, 0)
    return words


def private_mounts(fuse_conf=""):
    """Enters a mount namespace where every user may open /dev/fuse and /etc/fuse.conf has this content.

    Hosts differ in both; distributions ship /dev/fuse with mode 0666.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    clone_newns = 0x20000
    if libc.unshare(clone_newns):
        raise OSError(ctypes.get_errno(), "unshare")
    os.mknod("fuse-device", 0o20666, os.makedev(10, 229))
    os.chmod("fuse-device", 0o666)
    with open("fuse.conf", "w", encoding="ascii") as f:
        f.write(fuse_conf)
    for command in ("mount --make-rprivate /", "mount --bind fuse-device /dev/fuse", "mount --bind fuse.conf /etc/fuse.conf"):
        if run(command, quiet=True).returncode:
            raise AssertionError(command)


def opened(path, flags=os.O_RDWR):
    return os.open(path, flags)
