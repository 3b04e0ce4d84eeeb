"""Everything that a golden output hides, each filter with its reason.

A filter is there because the value differs from run to run or from host to host; nothing is hidden
because two daemons differ.
"""

import os
import re

# Each run has its own scratch directory, and a directory with a short path for sockets.
_SCRATCH = "SCRATCH"
_SOCKETS = "SOCKETS"
# Generated node names hold a random part.
_GENERATED_NODE = re.compile(r"#block\d+")
# qemu-io and qemu-img bench print how long an operation took.
_BENCH_TIME = re.compile(r"Run completed in [\d.]+ seconds")
_IO_RATE = re.compile(r"^(\S+ (?:KiB|MiB|GiB|bytes|B), \S+ ops); .*$", re.M)
# The daemon and the tools say their own program name before a message, and tools may stand under any path.
_TOOL_PATH = re.compile(r"(?:/\S*/)?(?:lt-)?(qemu-(?:img|io|nbd)): ")

# The time of an event; "actual-size" is a question of the host's file system; counters of time in
# statistics; the creation date of a snapshot.
_VOLATILE_MEMBERS = {
    "timestamp": None,
    "actual-size": "ACTUAL-SIZE",
    "date-sec": "SECONDS",
    "date-nsec": "NANOSECONDS",
    "rd_total_time_ns": "NANOSECONDS",
    "wr_total_time_ns": "NANOSECONDS",
    "flush_total_time_ns": "NANOSECONDS",
    "zone_append_total_time_ns": "NANOSECONDS",
    "unmap_total_time_ns": "NANOSECONDS",
    "idle_time_ns": "NANOSECONDS",
}
# Present or absent, and its value, depend on the host's file system and block device.
_HOST_MEMBERS = {"image.limits", "limits"}


def text(value, scratch, program):
    """Filters a piece of output."""
    value = value.replace(scratch, _SCRATCH).replace(os.environ["QSD_SOCKETS"], _SOCKETS)
    value = _BENCH_TIME.sub("Run completed in X seconds", value)
    value = _GENERATED_NODE.sub("#blockNNN", value)
    value = _IO_RATE.sub(r"\1; X sec", value)
    value = _TOOL_PATH.sub(r"\1: ", value)
    name = program.rsplit("/", 1)[-1]
    # The name stands before the daemon's messages and in its usage line; complaints about options show the path, too.
    value = re.sub(rf"(?<![\w.-])(?:/[^\s:]*/)?(?:{re.escape(name)}|qemu-storage-daemon)(?=:| \[)", "PROG", value)
    return value


def message(value):
    """Filters a QMP message (a copy): volatile members masked."""
    if isinstance(value, list):
        return [message(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, item in value.items():
        if key in _HOST_MEMBERS or (key in _VOLATILE_MEMBERS and _VOLATILE_MEMBERS[key] is None):
            continue
        # A number only: a schema's member of the same name is an object.
        masked = key in _VOLATILE_MEMBERS and isinstance(item, int)
        result[key] = _VOLATILE_MEMBERS[key] if masked else message(item)
    return result
