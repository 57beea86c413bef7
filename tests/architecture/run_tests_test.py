"""Shows that scripts/run_tests.py counts what passed, failed and crashed."""
import importlib.util
import json
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "run_tests.py"
spec = importlib.util.spec_from_file_location("run_tests", SCRIPT)
run_tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run_tests)

PASSED = {"status": "RUN", "result": "COMPLETED"}
FAILED = PASSED | {"failures": [{"failure": "1 is not 2"}]}
SKIPPED = {"status": "RUN", "result": "SKIPPED"}


class Count(unittest.TestCase):
    def count(self, entries, programs):
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder) / "test-results"
            results.mkdir()
            for name, cases in programs.items():
                report = {"testsuites": [{"testsuite": cases}]}
                (results / f"{name}.json").write_text(json.dumps(report))
            junit = results / "ctest.xml"
            rows = "".join(f'<testcase name="{n}" status="{s}"/>' for n, s in entries.items())
            junit.write_text(f"<testsuite>{rows}</testsuite>")
            return run_tests.count(Path(folder), junit)

    def test_a_program_counts_by_its_tests_and_a_check_as_one(self):
        counts = self.count({"core": "run", "format": "run"}, {"core": [PASSED, PASSED, SKIPPED]})
        self.assertEqual(counts, (3, 0, 1))

    def test_failures_are_counted(self):
        counts = self.count({"core": "fail", "format": "fail"}, {"core": [PASSED, FAILED]})
        self.assertEqual(counts, (1, 2, 0))

    def test_a_program_that_crashed_without_a_report_failed_once(self):
        self.assertEqual(self.count({"core": "fail"}, {}), (0, 1, 0))

    def test_a_program_that_fails_after_its_last_test_failed(self):
        self.assertEqual(self.count({"core": "fail"}, {"core": [PASSED]}), (1, 1, 0))


if __name__ == "__main__":
    unittest.main()
