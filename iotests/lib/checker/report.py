"""Results for people, TAP and JUnit readers."""

import sys
import xml.etree.ElementTree as ElementTree


class Console:
    """One line a variant as it ends, the diff below it if it failed."""

    WORDS = {"pass": "pass", "fail": "FAIL", "skip": "skip", "notrun": "not run", "known": "differs"}

    def __init__(self, total):
        self.total = total
        self.done = 0

    def add(self, outcome):
        self.done += 1
        line = f"{outcome.variant.name:<52} {self.WORDS[outcome.status]:<8}"
        if outcome.status in ("skip", "notrun"):
            line += outcome.detail
        else:
            line += f"{outcome.seconds:6.2f} s"
        if outcome.status == "known":
            line += f"  known: {outcome.detail}"
        print(line)
        if outcome.status == "fail":
            print("".join(f"    {text}\n" for text in outcome.detail.splitlines()), end="")
        sys.stdout.flush()

    def finish(self, outcomes):
        pass


class Tap:
    """Test Anything Protocol, version 13."""

    def __init__(self, total):
        self.done = 0
        print("TAP version 13")
        print(f"1..{total}")

    def add(self, outcome):
        self.done += 1
        word = "not ok" if outcome.status in ("fail", "known") else "ok"
        line = f"{word} {self.done} - {outcome.variant.name}"
        if outcome.status in ("skip", "notrun"):
            line += f" # SKIP {outcome.detail}"
        if outcome.status == "known":
            line += f" # TODO {outcome.detail}"
        print(line)
        if outcome.status == "fail":
            print("".join(f"# {text}\n" for text in outcome.detail.splitlines()), end="")
        sys.stdout.flush()

    def finish(self, outcomes):
        pass


def write_junit(path, outcomes):
    """JUnit XML; a test that the daemon's feature set rules out counts as skipped there."""
    suite = ElementTree.Element(
        "testsuite",
        name="iotests",
        tests=str(len(outcomes)),
        failures=str(count(outcomes, "fail")),
        skipped=str(count(outcomes, "skip") + count(outcomes, "notrun")),
        time=f"{sum(o.seconds for o in outcomes):.3f}",
    )
    for outcome in outcomes:
        case = ElementTree.SubElement(
            suite, "testcase", classname="iotests." + outcome.variant.test.name,
            name=outcome.variant.name, time=f"{outcome.seconds:.3f}",
        )
        if outcome.status == "fail":
            ElementTree.SubElement(case, "failure", message=outcome.detail.split("\n", 1)[0]).text = _xml_text(outcome.detail)
        elif outcome.status != "pass":
            ElementTree.SubElement(case, "skipped", message=outcome.detail)
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def _xml_text(text):
    """XML 1.0 has no way to write control characters."""
    return "".join(c if c >= " " or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def count(outcomes, status):
    return sum(1 for o in outcomes if o.status == status)


def summary(outcomes, wall_seconds, known):
    """The closing lines; the last one is the verdict."""
    lines = []
    missing = sorted({o.detail for o in outcomes if o.status == "notrun"})
    if missing:
        lines.append(f"{count(outcomes, 'notrun')} not run: " + "; ".join(missing))
    starts = [s for o in outcomes for s in o.starts]
    busy = sum(o.seconds for o in outcomes)
    if starts and busy:
        lines.append(
            f"{len(starts)} daemon starts took {sum(starts):.1f} s of {busy:.1f} s in tests "
            f"({100 * sum(starts) / busy:.0f} %, {1000 * sum(starts) / len(starts):.0f} ms each); {wall_seconds:.0f} s in all"
        )
    differing = [o.variant.name for o in outcomes if o.status == "known"]
    if differing:
        lines.append(f"{len(differing)} known differences (iotests/known-differences): " + ", ".join(differing))
    mended = [o.variant.name for o in outcomes if o.status == "pass" and o.variant.name in known]
    if mended:
        lines.append("listed in iotests/known-differences, but passing: " + ", ".join(mended))
    failed = [o.variant.name for o in outcomes if o.status == "fail"]
    if failed:
        lines.append("failed: " + ", ".join(failed))
    lines.append(f"{count(outcomes, 'pass')} passed, {len(failed)} failed, {count(outcomes, 'skip')} skipped")
    return lines
