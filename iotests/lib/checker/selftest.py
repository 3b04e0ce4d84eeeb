"""Proves that check notices what it is there to notice, with tests and a daemon made up for the purpose."""

import contextlib
import io
import os
import tempfile
import types

from . import main, probe, suite

# name -> (body of the test, what the detail of its outcome must contain; "" for a pass)
CASES = {
    "right": ("print('as recorded')", ""),
    "different": ("print('something else')", "+something else"),
    "raises": ("print('as recorded', flush=True)\nraise ValueError('on purpose')", "ended with status 1"),
    "sleeps": ("import time\nprint('as recorded', flush=True)\ntime.sleep(30)", "took longer than 1 s"),
    "leaves-a-process": (
        "import subprocess\nprint('as recorded')\nsubprocess.Popen(['sleep', '30'], stdout=subprocess.DEVNULL, start_new_session=True)",
        "left process",
    ),
    "leaves-a-mount": (
        "import os, subprocess\nprint('as recorded', flush=True)\nos.mkdir('m')\nsubprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', 'm'])",
        "left a mount behind: scratch/m",
    ),
    "differs-as-known": ("print('something else')", "on purpose"),
    "unrecorded": ("print('as recorded')", "no golden output"),
    "wants-a-tool": ("print('as recorded')", "missing: program no-such-tool"),
    "wants-a-driver": ("print('as recorded')", "daemon has no driver no-such-driver"),
}
_HEADERS = {
    "sleeps": "# limit: 1\n",
    "wants-a-tool": "# requires: tool no-such-tool\n",
    "wants-a-driver": "# requires: driver no-such-driver\n",
    "leaves-a-mount": "# requires: root\n",
}
_KNOWN = {"differs-as-known": "on purpose", "right": "never used, since it passes"}
_STATUS = {"right": "pass", "differs-as-known": "known", "wants-a-tool": "skip", "wants-a-driver": "notrun"}


class _Daemon(probe.Daemon):
    """A daemon that has nothing."""

    def __init__(self):
        self.help, self.commands, self.schema = "", set(), {}


def run(library):
    """Returns 0 if every made-up test comes out as it must, else 1; says what did not."""
    wrong = []
    with tempfile.TemporaryDirectory(prefix="iotests-selftest-") as directory:
        for name, (body, _) in CASES.items():
            path = os.path.join(directory, name)
            with open(path, "w", encoding="utf-8") as f:
                f.write(_HEADERS.get(name, "") + body + "\n")
            if name != "unrecorded":
                with open(path + ".out", "w", encoding="utf-8") as f:
                    f.write("as recorded\n")
        job = main.Job("/bin/true", "/nonexistent", library, types.SimpleNamespace(time_scale=1.0, tap=False), _KNOWN)
        job.daemon = _Daemon()
        for strict in (False, True):
            job.strict = strict
            for test in suite.load(directory):
                [variant] = test.variants([], [])
                if os.geteuid() != 0 and "root" in test.requires:
                    continue
                outcome = job.judge(variant)
                status = _STATUS.get(test.name, "fail")
                if strict and test.name == "wants-a-tool":
                    status = "fail"
                expected = CASES[test.name][1]
                if outcome.status != status or expected not in outcome.detail or (not expected and outcome.detail):
                    wrong.append(f"{test.name} (CI={strict}): {outcome.status}: {outcome.detail}")
        with contextlib.redirect_stderr(io.StringIO()):
            if main.main(os.path.dirname(library), ["no-such-test"]) != 2:
                wrong.append("an unknown test name is accepted")
    for line in wrong:
        print("self-test:", line)
    print(f"self-test: {2 * len(CASES) + 1} cases, {len(wrong)} wrong")
    return 1 if wrong else 0
