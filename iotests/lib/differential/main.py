"""iotests/diff: recording, comparing, and the counts."""

import argparse
import json
import os
import re
import shutil
import subprocess

from checker import record
from checker.main import DEFAULT_REAL_BIN

from . import script

# A command, or the value of an enumeration, that ours has not: the names in the answer, which the real one doesn't refuse.
NOT_THERE = re.compile(r"The command (\S+) has not been found|does not accept value '([^']*)'")


def main(root, argv):
    directory = os.path.join(root, "differential")
    names = sorted(n[:-7] for n in os.listdir(directory) if n.endswith(".script"))
    parser = argparse.ArgumentParser(prog="iotests/diff")
    parser.add_argument("--daemon", default=os.path.join(os.path.dirname(root), "bin", "qemu-storage-daemon"))
    parser.add_argument("--against")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--quiet", action="store_true", help="only the counts")
    parser.add_argument("names", nargs="*", default=names)
    options = parser.parse_args(argv)
    path = os.path.join(os.path.dirname(root), "tests", "resources", "qapi", "query-qmp-schema-11.1.3.json")
    with open(path, encoding="utf-8") as f:
        schema = json.load(f)
    scripts = {name: list(script.read(os.path.join(directory, name + ".script"), schema)) for name in options.names or names}
    if options.record:
        return record_all(directory, scripts, real_daemon())
    for program in filter(None, [options.daemon, options.against]):
        warm_up(program)
    known = read_known(os.path.join(directory, "known-differences"))
    unexpected = 0
    for name, steps in scripts.items():
        if options.against:
            expected = list(script.converse(options.against, steps))
        else:
            expected = read_golden(os.path.join(directory, name + ".golden"))
            if [request for request, _ in expected] != [s for s in steps if not s.startswith("make ")]:
                print(f"{name}: the script has changed since it was recorded")
                return 2
        unexpected += compare(name, expected, script.converse(options.daemon, steps), known, options.quiet)
    return 1 if unexpected else 0


def warm_up(program):
    """The first start of ours may build it, or prepare later starts, which takes as long as it takes."""
    subprocess.run([program, "--version"], stdout=subprocess.DEVNULL, check=True)


def real_daemon():
    path = os.environ.get("QSD4J_REAL_BIN", DEFAULT_REAL_BIN) + ":" + os.environ["PATH"]
    return shutil.which("qemu-storage-daemon", path=path)


def record_all(directory, scripts, program):
    why_not = record.refuse(program, os.path.dirname(os.path.dirname(directory)))
    if why_not:
        print(why_not)
        return 2
    status = 0
    for name, steps in scripts.items():
        first, second = (list(script.converse(program, steps)) for _ in range(2))
        unsteady = [a[0] for a, b in zip(first, second) if a != b]
        if unsteady:
            print(f"{name}: not recorded, two runs differ in: " + "; ".join(unsteady[:5]))
            status = 1
            continue
        with open(os.path.join(directory, name + ".golden"), "w", encoding="utf-8") as f:
            for request, answer in first:
                f.write(f"-> {request}\n" + "".join(f"<- {line}\n" for line in answer))
        print(f"{name}: {len(first)} exchanges")
    return status


def read_golden(path):
    exchanges = []
    with open(path, encoding="utf-8") as f:
        for line in f.read().split("\n"):
            if line.startswith("-> "):
                exchanges.append((line[3:], []))
            elif line.startswith("<- "):
                exchanges[-1][1].append(line[3:])
    return exchanges


def read_known(path):
    """Patterns of requests that are known to be answered differently, each with its reason."""
    known = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            request, separator, reason = line.rstrip("\n").rpartition(" # ")
            if separator and not line.startswith("#"):
                known[request] = reason
    return known


def compare(name, expected, actual, known, quiet):
    counts = {"equal": 0, "not there": 0, "known": 0, "different": 0}
    for (request, wanted), (_, got) in zip(expected, actual):
        verdict = judge(request, wanted, got, known)
        counts[verdict] += 1
        if verdict == "different" and not quiet:
            print(f"-> {request}\n" + "".join(f"  real {line}\n" for line in wanted) + "".join(f"  ours {line}\n" for line in got), end="")
    print(f"{name}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
    return counts["different"]


def judge(request, wanted, got, known):
    if wanted == got:
        return "equal"
    absent = NOT_THERE.search(got[0])
    if absent and absent.group(0) not in wanted[0]:
        return "not there"
    return "known" if any(re.search(pattern, request) for pattern in known) else "different"
