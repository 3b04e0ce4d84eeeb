"""Recording goldens: from the real daemon only, and only what comes out the same twice."""

import difflib
import os
import subprocess

from . import runner

VERSION = "11.1"


def refuse(program, project):
    """Why this program may not record, or None."""
    if os.path.realpath(program).startswith(os.path.realpath(project) + os.sep):
        return "only the real daemon records goldens, not the project's own"
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20)
    first = done.stdout.split("\n", 1)[0]
    if f"version {VERSION}." not in first or "qsd4j" in done.stdout:
        return f"only qemu-storage-daemon {VERSION} records goldens; this is: {first or program}"
    return None


def record(test, variants, run):
    """Runs all variants of a test twice and writes what they print; returns lines that say what changed."""
    outputs = {}
    for variant in variants:
        first, second = run(variant), run(variant)
        for trouble, _, _, _ in (first, second):
            if trouble:
                return [f"{variant.name}: not recorded, {trouble}", *first[1].splitlines()[-25:]]
        if first[1] != second[1]:
            return [f"{variant.name}: not recorded, two runs differ", *diff(first[1], second[1], "first", "second")]
        outputs[variant] = first[1]
    lines = []
    same = len(set(outputs.values())) == 1
    for variant, text in outputs.items():
        old = variant.golden()
        if old is None:
            lines.append(f"{variant.name}: new, {text.count(chr(10))} lines")
        elif old != text:
            lines += [f"{variant.name}: changed", *diff(old, text, "old", "new")]
        own = f"{test.path}.out.{variant.suffix}"
        if same and os.path.exists(own):
            os.unlink(own)
        with open(test.path + ".out" if same else own, "w", encoding="utf-8") as f:
            f.write(text)
    if not same and os.path.exists(test.path + ".out") and len(outputs) == len(test.formats) * len(test.protocols):
        os.unlink(test.path + ".out")
    return lines


def diff(old, new, old_name, new_name):
    return list(
        difflib.unified_diff(old.splitlines(), new.splitlines(), old_name, new_name, lineterm="")
    )


__all__ = ["diff", "record", "refuse", "runner"]
