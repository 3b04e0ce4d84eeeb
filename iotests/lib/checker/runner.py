"""Running one variant: scratch directory, time limit, and nothing left behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from qsdclient.fuse import mounts

from . import probe

GRACE_SECONDS = 2.0


class Outcome:
    """What came of one variant: status is pass, fail, known (fails, and is listed as such), skip or notrun."""

    def __init__(self, variant, status, detail="", seconds=0.0, output="", starts=()):
        self.variant = variant
        self.status = status
        self.detail = detail
        self.seconds = seconds
        self.output = output
        self.starts = list(starts)


def execute(variant, program, tool_path, library, time_scale=1.0):
    """Runs the test; returns (exit status or a sentence about what went wrong, output, seconds, start times)."""
    top = tempfile.mkdtemp(prefix="iotests-")
    scratch = os.path.join(top, "scratch")
    sockets = os.path.join(top, "s")
    for path in (scratch, sockets):
        os.mkdir(path)
    # The test's ordinary users must get to the mountpoints.
    os.chmod(top, 0o755)
    marker = f"QSD_TEST_RUN={top}"
    environment = dict(
        os.environ,
        QSD_TEST_RUN=top,
        QSD_DAEMON=program,
        QSD_FORMAT=variant.fmt or "raw",
        QSD_PROTOCOL=variant.protocol or "file",
        QSD_SOCKETS=sockets,
        QSD_TOOL_PATH=tool_path,
        QSD_STATISTICS=os.path.join(top, "starts"),
        TMPDIR=sockets,
        LC_ALL="C.UTF-8",
        TZ="UTC",
        PYTHONPATH=library + ":" + probe.python_path(tool_path),
        PYTHONHASHSEED="0",
    )
    trouble = []
    begin = time.monotonic()
    try:
        with open(os.path.join(top, "output"), "w+b") as output:
            test = subprocess.Popen(
                [sys.executable, variant.test.path], cwd=scratch, env=environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )
            limit = variant.test.limit * time_scale
            try:
                status = test.wait(limit)
                if status:
                    trouble.append(f"the test ended with status {status}")
            except subprocess.TimeoutExpired:
                trouble.append(f"took longer than {limit:g} s")
            seconds = time.monotonic() - begin
            trouble += _clean_processes(marker, allowed=0.0 if trouble else GRACE_SECONDS)
            test.wait()
            trouble += _clean_mounts(top)
            output.seek(0)
            text = output.read().decode("utf-8", "backslashreplace")
        return "; ".join(trouble), text, seconds, _starts(environment["QSD_STATISTICS"])
    finally:
        _clean_processes(marker, allowed=0.0)
        _clean_mounts(top)
        shutil.rmtree(top, ignore_errors=True)


def _starts(path):
    try:
        with open(path, encoding="ascii") as f:
            return [float(line) for line in f]
    except FileNotFoundError:
        return []


def _clean_processes(marker, allowed):
    """Kills what still runs with the marker in its environment after the allowed time; names it."""
    deadline = time.monotonic() + allowed
    while True:
        left = _marked(marker)
        if not left or time.monotonic() >= deadline:
            break
        time.sleep(0.01)
    # Daemons before clients: a client may be stuck in a call that only the daemon's end releases.
    for pid in sorted(left, reverse=True):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    deadline = time.monotonic() + GRACE_SECONDS
    while left and _marked(marker) and time.monotonic() < deadline:
        time.sleep(0.01)
    return [f"left process {pid} behind: {command}" for pid, command in left.items()]


def _marked(marker):
    found = {}
    wanted = marker.encode()
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as f:
                if wanted not in f.read().split(b"\0"):
                    continue
            with open(f"/proc/{entry}/cmdline", "rb") as f:
                found[int(entry)] = f.read().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
    return found


def _clean_mounts(top):
    trouble = []
    for where, *_ in reversed(mounts(top)):
        trouble.append(f"left a mount behind: {os.path.relpath(where, top)}")
        if subprocess.run(["umount", "-l", where], stderr=subprocess.DEVNULL).returncode:
            subprocess.run(["fusermount3", "-u", "-z", where], stderr=subprocess.DEVNULL)
    return trouble
