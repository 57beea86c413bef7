"""Runs ctest in a build folder and closes with the number of single tests, on a line of its own:
"N passed, N failed". The test programs count by their tests, every other check counts as one.

Usage: run_tests.py BUILD [CTEST ARGUMENT]...        exit code 0 when all passed, 1 otherwise
"""
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def count_program(report: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped tests of one GoogleTest program."""
    cases = [case for suite in json.loads(report.read_text())["testsuites"] for case in suite["testsuite"]]
    failed = sum("failures" in case for case in cases)
    skipped = sum(case["result"] == "SKIPPED" for case in cases)
    not_run = sum(case["status"] == "NOTRUN" for case in cases)
    return len(cases) - failed - skipped - not_run, failed, skipped + not_run


def count(build: Path, junit: Path) -> tuple[int, int, int]:
    totals = [0, 0, 0]
    for entry in ElementTree.parse(junit).getroot().iter("testcase"):
        ran = entry.get("status") == "run"
        report = build / "test-results" / (entry.get("name") + ".json")
        if report.is_file():
            numbers = count_program(report)
            # A program can fail after its last test, for example in a sanitizer's closing check.
            if not ran and numbers[1] == 0:
                numbers = (numbers[0], 1, numbers[2])
        else:
            numbers = (1, 0, 0) if ran else (0, 1, 0)
        totals = [total + number for total, number in zip(totals, numbers)]
    return tuple(totals)


def main(build: Path, arguments: list[str]) -> int:
    # A program that crashes writes no report: an old one must not speak for it.
    for report in (build / "test-results").glob("*.json"):
        report.unlink()
    junit = build / "test-results" / "ctest.xml"
    junit.parent.mkdir(exist_ok=True)
    junit.unlink(missing_ok=True)
    jobs = str(os.cpu_count() or 1)
    status = subprocess.run(
        ["ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error", "-j", jobs]
        + ["--output-junit", junit.resolve(), *arguments]
    ).returncode
    if not junit.is_file():
        return status or 1
    passed, failed, skipped = count(build, junit)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if status or failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
