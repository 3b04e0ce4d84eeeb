"""What a FUSE export looks like from outside: mounts, and the calls that Python's os module lacks."""

import ctypes
import os
import time

FALLOC_FL_KEEP_SIZE = 0x01
FALLOC_FL_PUNCH_HOLE = 0x02
FALLOC_FL_COLLAPSE_RANGE = 0x08
FALLOC_FL_ZERO_RANGE = 0x10
FALLOC_FL_INSERT_RANGE = 0x20

_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]


def fallocate(fd, mode, offset, length):
    """fallocate(2), which os.posix_fallocate offers for mode 0 only."""
    if _libc.fallocate(fd, mode, offset, length) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def mounts(below="/"):
    """(mountpoint, options, type, source) of every mount at or below a path, in mount order."""
    found = []
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as f:
        for line in f:
            left, right = line.rstrip("\n").split(" - ", 1)
            fields = left.split(" ")
            where = fields[4].replace("\\040", " ").replace("\\012", "\n").replace("\\134", "\\")
            kind, source, super_options = right.split(" ", 2)
            if where == below or where.startswith(below.rstrip("/") + "/"):
                found.append((where, fields[5] + "," + super_options, kind, source))
    return found


def is_mounted(path):
    return any(where == os.path.abspath(path) for where, *_ in mounts())


def wait_unmounted(path, timeout=5.0):
    """True once nothing is mounted on path; False after the timeout."""
    deadline = time.monotonic() + timeout
    while is_mounted(path):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
