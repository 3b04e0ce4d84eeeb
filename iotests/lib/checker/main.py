"""Command line of `check`."""

import argparse
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time

from . import probe, record, report, runner, suite

# Where the real 11.1 tools are looked for; the environment variable names another directory.
DEFAULT_REAL_BIN = "/opt/qemu-sid-bin"


def main(here, argv):
    options = parse(argv)
    project = os.path.dirname(here)
    if options.self_test:
        from . import selftest

        return selftest.run(os.path.join(here, "lib"))
    tests = suite.load(os.path.join(here, "tests"))
    try:
        selected = select(tests, options)
    except ValueError as e:
        return fail(str(e))
    if options.list:
        for variant in selected:
            print(f"{variant.name:<48} {' '.join(variant.test.groups):<24} {variant.test.title}")
        return 0
    real_bin = os.environ.get("QSD4J_REAL_BIN", DEFAULT_REAL_BIN)
    program = find_program(options, project, real_bin)
    if not program:
        return fail("no daemon to test: build the project (bin/qsd4j builds itself at first use) or name one with --daemon")
    # Compiled Python goes to a directory of its own: the source tree stays clean, and the tests start faster.
    cache = tempfile.TemporaryDirectory(prefix="iotests-pycache-")
    os.environ["PYTHONPYCACHEPREFIX"] = cache.name
    with cache:
        job = Job(program, real_bin, os.path.join(here, "lib"), options, known_differences(project, program))
        if options.record:
            return job.record(selected, project)
        return job.check(selected)


def parse(argv):
    parser = argparse.ArgumentParser(prog="check", description="Runs the black-box tests.", allow_abbrev=False)
    for kind in suite.FORMATS:
        parser.add_argument(f"-{kind}", dest="formats", action="append_const", const=kind, help=f"tests of format {kind}")
    for kind in suite.PROTOCOLS:
        parser.add_argument(f"-{kind}", dest="protocols", action="append_const", const=kind, help=f"tests over {kind}")
    parser.add_argument("-g", "--group", action="append", default=[], help="only tests of this group (may be repeated)")
    parser.add_argument("-x", "--exclude", action="append", default=[], help="no tests of this group")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count(), help="tests at a time (default: processors)")
    parser.add_argument("--daemon", help="program under test (default: the project's bin/qemu-storage-daemon)")
    parser.add_argument("--list", action="store_true", help="say what would run")
    parser.add_argument("--tap", action="store_true", help="write TAP instead of a table")
    parser.add_argument("--junit", metavar="FILE", help="write JUnit XML, too")
    parser.add_argument("--record", action="store_true", help="record goldens anew from the real daemon, showing what changes")
    parser.add_argument("--self-test", action="store_true", help="prove that check notices what it should")
    parser.add_argument("--time-scale", type=float, default=1.0, help="factor on the time limits, for slow machines")
    parser.add_argument("tests", nargs="*", metavar="TEST", help="tests by name (default: all)")
    return parser.parse_args(argv)


def select(tests, options):
    names = {t.name for t in tests}
    for name in options.tests:
        if name not in names:
            raise ValueError(f"no test named '{name}'")
    groups = {g for t in tests for g in t.groups}
    for group in options.group + options.exclude:
        if group not in groups:
            raise ValueError(f"no group named '{group}' (there are: {', '.join(sorted(groups))})")
    return [
        variant
        for test in tests
        if not options.tests or test.name in options.tests
        if not options.group or set(options.group) & set(test.groups)
        if not set(options.exclude) & set(test.groups)
        for variant in test.variants(options.formats or [], options.protocols or [])
    ]


def find_program(options, project, real_bin):
    if options.daemon:
        found = shutil.which(options.daemon)
        return found and os.path.abspath(found)
    if options.record:
        return shutil.which("qemu-storage-daemon", path=real_bin + ":" + os.environ["PATH"])
    own = os.path.join(project, "bin", "qemu-storage-daemon")
    return own if os.access(own, os.X_OK) else None


def known_differences(project, program):
    """Variant name -> reason, of our own daemon; any other program has to pass everything."""
    if program != os.path.join(project, "bin", "qemu-storage-daemon"):
        return {}
    with open(os.path.join(project, "iotests", "known-differences"), encoding="utf-8") as lines:
        entries = [line.strip().split(": ", 1) for line in lines if line.strip() and not line.startswith("#")]
    return dict(entries)


def fail(words):
    print(f"check: {words}", file=sys.stderr)
    return 2


class Job:
    """One run of a selection against one program."""

    def __init__(self, program, tool_path, library, options, known):
        self.program = program
        self.tool_path = tool_path
        self.library = library
        self.options = options
        self.strict = os.environ.get("CI") == "true"
        self.daemon = None
        self.known = known

    def execute(self, variant):
        return runner.execute(variant, self.program, self.tool_path, self.library, self.options.time_scale)

    def check(self, selected):
        try:
            self.daemon = probe.Daemon(self.program)
        except (probe.DaemonError, OSError, ValueError, subprocess.SubprocessError) as e:
            return fail(f"{self.program} cannot be asked what it has: {e}")
        reporter = (report.Tap if self.options.tap else report.Console)(len(selected))
        outcomes = []
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(max(1, self.options.jobs)) as pool:
            futures = [pool.submit(self.judge, variant) for variant in selected]
            try:
                for future in concurrent.futures.as_completed(futures):
                    outcomes.append(future.result())
                    reporter.add(outcomes[-1])
            except KeyboardInterrupt:
                pool.shutdown(cancel_futures=True)
                return fail("interrupted")
        for line in report.summary(outcomes, time.monotonic() - begin, self.known):
            print(("# " if self.options.tap else "") + line)
        if self.options.junit:
            report.write_junit(self.options.junit, outcomes)
        return 1 if report.count(outcomes, "fail") else 0

    def judge(self, variant):
        lacking = self.lacking(variant)
        if lacking:
            return runner.Outcome(variant, *lacking)
        golden = variant.golden()
        if golden is None:
            return runner.Outcome(variant, "fail", "no golden output is recorded")
        trouble, output, seconds, starts = self.execute(variant)
        detail = [trouble] if trouble else []
        if output != golden:
            detail += record.diff(golden, output, os.path.basename(variant.golden_path()), "this run")
        reason = self.known.get(variant.name)
        if detail and reason:
            return runner.Outcome(variant, "known", reason, seconds, output, starts)
        return runner.Outcome(variant, "fail" if detail else "pass", "\n".join(detail), seconds, output, starts)

    def lacking(self, variant):
        """(status, words) if the host or the daemon lacks what the variant needs."""
        for need in variant.requires():
            if need.split(" ")[0] in probe.HOST_KINDS:
                missing = probe.host_lacks(need, self.tool_path)
                if missing:
                    # A tool can be installed; what the host's kernel lacks cannot.
                    return ("fail" if self.strict and need.startswith("tool ") else "skip"), f"missing: {missing}"
            elif not self.daemon.has(need):
                return "notrun", f"daemon has no {need}"
        return None

    def record(self, selected, project):
        refusal = record.refuse(self.program, project)
        if refusal:
            return fail(refusal)
        by_test = {}
        for variant in selected:
            by_test.setdefault(variant.test, []).append(variant)
        refused = 0
        with concurrent.futures.ThreadPoolExecutor(max(1, self.options.jobs)) as pool:
            futures = [pool.submit(record.record, t, v, self.execute) for t, v in by_test.items()]
            for future in concurrent.futures.as_completed(futures):
                for line in future.result():
                    refused += "not recorded" in line
                    print(line, flush=True)
        return 1 if refused else 0
