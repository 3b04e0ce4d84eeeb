"""Reads scripts, and holds the conversation."""

import json
import os
import tempfile
import time

from qsdclient import DaemonError, QmpError, QmpTimeout, StorageDaemon

from . import normalise
from .spoil import Spoiler

TIMEOUT = 5.0
NO_ANSWER = "no answer"
DIED = "the daemon died"


def read(path, schema):
    """The steps of a script, one a line."""
    with open(path, encoding="utf-8") as f:
        for line in f:
            word, _, rest = line.strip().partition(" ")
            if not word or word == "#":
                continue
            if word == "spoil":
                command, *variants = rest.split()
                yield from dict.fromkeys(f"{command} {json.dumps(a)}" for a in Spoiler(schema, variants).spoilt(command))
            else:
                yield line.strip()


def converse(program, steps):
    """Runs a script with a daemon of its own; yields (request, answer lines)."""
    with tempfile.TemporaryDirectory(prefix="qsd-diff-") as scratch:
        os.environ["QSD_SOCKETS"] = scratch + "/sockets"
        os.mkdir(scratch + "/sockets")
        os.mkdir(scratch + "/work")
        daemon = None
        try:
            for request in steps:
                if request.startswith("make "):
                    _, name, size = request.split()
                    with open(os.path.join(scratch, "work", name), "wb") as f:
                        f.truncate(int(size))
                    continue
                if daemon is None:
                    daemon = StorageDaemon(program, directory=scratch + "/sockets", cwd=scratch + "/work").start()
                answer = exchange(daemon, request, scratch + "/work")
                if answer[-1] in (NO_ANSWER, DIED):
                    daemon.kill()
                    daemon = None
                yield request, answer
        finally:
            if daemon:
                end(daemon)


def end(daemon):
    try:
        daemon.stop()
    except (DaemonError, QmpError):
        daemon.kill()


def exchange(daemon, request, scratch):
    command, _, arguments = request.partition(" ")
    if command == "event":
        try:
            return [normalise.event(daemon.qmp.wait_event(arguments, timeout=TIMEOUT), scratch)]
        except QmpTimeout:
            return ["no such event"]
        except QmpError:
            return [DIED]
    try:
        reply = daemon.qmp.command(command, json.loads(arguments) if arguments else None, timeout=TIMEOUT)
    except QmpTimeout:
        return [NO_ANSWER]
    except (QmpError, OSError):
        time.sleep(0.05)
        return [DIED]
    events = [normalise.event(e, scratch) for e in daemon.qmp.events if e["event"] not in normalise.AT_ANY_TIME]
    daemon.qmp.events = [e for e in daemon.qmp.events if e["event"] in normalise.AT_ANY_TIME]
    return [normalise.reply(command, reply, scratch), *("event " + e for e in events)]
