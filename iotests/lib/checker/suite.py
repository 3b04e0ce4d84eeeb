"""The tests on disk: headers, variants, goldens."""

import os
import re

FORMATS = ("raw", "qcow2")
PROTOCOLS = ("file", "fuse", "nbd")
DEFAULT_LIMIT = 20
_HEADER = re.compile(r"^# (groups|formats|protocols|requires|limit): *(.*)$")


class Test:
    """One file in tests/."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        header = {"groups": [], "formats": [], "protocols": [], "requires": [], "limit": []}
        self.title = ""
        with open(path, encoding="utf-8") as f:
            for line in f:
                found = _HEADER.match(line)
                if found:
                    separator = "," if found[1] == "requires" else None
                    header[found[1]] += [w.strip() for w in found[2].split(separator)]
                elif line.startswith('"""'):
                    self.title = line.strip().strip('"').rstrip(".")
                    break
        self.groups = header["groups"]
        self.formats = header["formats"] or [None]
        self.protocols = header["protocols"] or [None]
        self.requires = header["requires"]
        self.limit = int(header["limit"][0]) if header["limit"] else DEFAULT_LIMIT

    def variants(self, formats, protocols):
        """The variants that a selection of formats and protocols (empty: all) leaves."""
        return [
            Variant(self, fmt, protocol)
            for fmt in self.formats
            if not formats or fmt in formats
            for protocol in self.protocols
            if not protocols or protocol in protocols
        ]


class Variant:
    """A test with its format and protocol chosen."""

    def __init__(self, test, fmt, protocol):
        self.test = test
        self.fmt = fmt
        self.protocol = protocol
        self.suffix = "-".join(p for p in (fmt, protocol) if p)
        self.name = f"{test.name} [{self.suffix}]" if len(test.formats) * len(test.protocols) > 1 else test.name

    def requires(self):
        needs = list(self.test.requires)
        if self.fmt:
            needs.append(f"driver {self.fmt}")
        if self.protocol in ("fuse", "nbd"):
            needs.append(f"export {self.protocol}")
        if self.protocol == "fuse" or "export fuse" in needs:
            needs.append("fuse")
        return needs

    def golden_path(self):
        own = f"{self.test.path}.out.{self.suffix}"
        return own if self.suffix and os.path.exists(own) else self.test.path + ".out"

    def golden(self):
        try:
            with open(self.golden_path(), encoding="utf-8") as f:
                return f.read()
        except FileNotFoundError:
            return None


def load(directory):
    return [
        Test(os.path.join(directory, name))
        for name in sorted(os.listdir(directory))
        if ".out" not in name and not name.startswith(".")
    ]
