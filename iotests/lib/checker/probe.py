"""What the daemon claims to have (by introspection), and what this host has."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile

from qsdclient import DaemonError, StorageDaemon


class Daemon:
    """Answers `requires:` lines about a daemon from its help text and query-qmp-schema."""

    # requirement kind -> (command, path of members to the union whose variants are meant)
    _UNIONS = {
        "driver": ("blockdev-add", []),
        "export": ("block-export-add", []),
        "object": ("object-add", []),
        "create": ("blockdev-create", ["options"]),
        "chardev": ("chardev-add", ["backend"]),
        "action": ("transaction", ["actions", "[]"]),
    }

    def __init__(self, program):
        self.help = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=20).stdout
        with tempfile.TemporaryDirectory(prefix="iotests-probe-") as directory:
            with StorageDaemon(program, directory=directory) as qsd:
                self.commands = {c["name"] for c in qsd.qmp.execute("query-commands")}
                schema = qsd.qmp.execute("query-qmp-schema")
        self.schema = {entity["name"]: entity for entity in schema}

    def has(self, requirement):
        kind, _, name = requirement.partition(" ")
        if kind == "command":
            return name in self.commands
        if kind == "event":
            return self.schema.get(name, {}).get("meta-type") == "event"
        if kind == "option":
            return name in self.help
        if kind == "member":
            return self._has_member(*name.split("."))
        if kind in self._UNIONS:
            return name in self._variants(*self._UNIONS[kind])
        raise ValueError(f"unknown requirement '{requirement}'")

    def _argument(self, command, path=()):
        entity = self.schema.get(command)
        if not entity or entity["meta-type"] != "command":
            return {}
        entity = self.schema[entity["arg-type"]]
        for step in path:
            if step == "[]":
                entity = self.schema[entity["element-type"]]
                continue
            types = [m["type"] for m in entity.get("members", []) if m["name"] == step]
            if not types:
                return {}
            entity = self.schema[types[0]]
        return entity

    def _variants(self, command, path):
        return {v["case"] for v in self._argument(command, path).get("variants", [])}

    def _has_member(self, command, *path):
        """COMMAND.MEMBER, or COMMAND.VARIANT.MEMBER."""
        entity = self._argument(command)
        for case in path[:-1]:
            types = [v["type"] for v in entity.get("variants", []) if v["case"] == case]
            if not types:
                return False
            entity = self.schema[types[0]]
        return path[-1] in {m["name"] for m in entity.get("members", [])}


def python_path(tool_path):
    """Where Debian's Python packages lie beside the real tools, if those were unpacked into a tree of their own."""
    return tool_path.removesuffix("-bin") + "/usr/lib/python3/dist-packages"


def host_lacks(requirement, tool_path):
    """None if the host has it, else the words that say what is missing."""
    kind, _, name = requirement.partition(" ")
    if kind == "tool":
        path = tool_path + ":" + os.environ["PATH"] + ":/usr/sbin:/sbin"
        return None if shutil.which(name, path=path) else f"program {name}"
    if kind == "python":
        command = [sys.executable, "-c", f"import {name}"]
        found = subprocess.run(command, env=dict(os.environ, PYTHONPATH=python_path(tool_path)), stderr=subprocess.DEVNULL)
        return f"Python package {name}" if found.returncode else None
    if kind == "root":
        return None if os.geteuid() == 0 else "root privileges"
    if kind == "user":
        try:
            pwd.getpwnam("nobody")
            return None
        except KeyError:
            return "a user 'nobody'"
    if kind == "fuse":
        if not os.path.exists("/dev/fuse"):
            return "/dev/fuse"
        if os.geteuid() != 0 and not shutil.which("fusermount3"):
            return "program fusermount3"
        return None
    if kind == "loop":
        return None if os.path.exists("/dev/loop-control") and os.geteuid() == 0 else "loop devices"
    if kind == "filesystem":
        with open("/proc/filesystems", encoding="ascii") as f:
            return None if name in f.read().split() else f"file system {name} in the kernel"
    raise LookupError(requirement)


HOST_KINDS = {"tool", "python", "root", "user", "fuse", "loop", "filesystem"}

__all__ = ["Daemon", "DaemonError", "HOST_KINDS", "host_lacks"]
