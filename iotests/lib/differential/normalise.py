"""The one table of what is not compared: values that differ from run to run or from host to host.

Names of members, of files and of generated nodes are masked by the filters of the black-box tests; what is only met here
stands below. Nothing is masked because two daemons differ.
"""

import json
import re

import filters

# (pattern, what stands for it, why)
TEXT = [
    (re.compile(r"/dev/pts/\d+"), "/dev/pts/N", "the number of a terminal is the host's choice"),
    (re.compile(r"qmp-[0-9a-f]+\.sock"), "qmp.sock", "the test connection has a socket of its own"),
    (re.compile(r"\bpid \d+"), "pid N", "process ids"),
    (re.compile(r'("thread-id": )\d+'), r"\1N", "thread ids"),
    (re.compile(r'("package": )"[^"]*"'), r'\1"PACKAGE"', "who built the daemon"),
]

# Commands whose answer tells what the daemon is made of rather than what it does.
SELF_DESCRIPTIONS = {"query-qmp-schema", "query-commands", "query-version", "qom-list-types", "query-chardev-backends"}

# A job gets on by itself: these events may come before or after a reply, and are seen by the scripts that wait for them.
AT_ANY_TIME = {"JOB_STATUS_CHANGE", "BLOCK_JOB_COMPLETED", "BLOCK_JOB_CANCELLED", "BLOCK_JOB_ERROR", "BLOCK_JOB_READY", "BLOCK_JOB_PENDING"}


def reply(command, message, scratch):
    """The answer as it is compared: one line of text."""
    shown = {key: value for key, value in message.items() if key in ("return", "error")}
    if command in SELF_DESCRIPTIONS and "return" in shown:
        shown["return"] = "itself"
    return text(shown, scratch)


def event(message, scratch):
    return text({key: value for key, value in message.items() if key != "timestamp"}, scratch)


def text(value, scratch):
    line = filters.text(json.dumps(filters.message(value), sort_keys=True), scratch, "qemu-storage-daemon")
    for pattern, replacement, _ in TEXT:
        line = pattern.sub(replacement, line)
    return line
