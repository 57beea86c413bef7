"""Tests of benchmarks/convolutions.py: all ways to convolve agree in values and gradients, and the
networks that it times have the published sizes.

Usage: convolutions_test.py
"""
import csv
import subprocess
import sys
import tempfile
import tomllib
import unittest
from pathlib import Path

try:
    import torch
except ImportError:
    torch = None

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def run(*arguments):
    return subprocess.run([sys.executable, str(BENCHMARKS / "convolutions.py"), *arguments],
                          capture_output=True, text=True)


@unittest.skipIf(torch is None, "torch is missing")
class Convolutions(unittest.TestCase):
    def test_all_ways_agree_with_the_loop(self):
        done = run("--check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("66 of 66 agree", done.stdout)

    def test_networks_have_the_published_sizes(self):
        sys.path.insert(0, str(BENCHMARKS))
        from convolution_steps import Setting
        from convolutions import RECIPE
        experts, gate = Setting("cpu", tomllib.loads(RECIPE.read_text())).banks()
        self.assertEqual(sum(p.numel() for p in experts.parameters()), 20 * 911012)
        self.assertEqual(sum(p.numel() for p in gate.parameters()), 3917332)

    def test_every_measurement_is_stored(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "new" / "convolutions.csv"
            done = run("--device=cpu", "--batch=2", "--experts=2", "--seconds=0", "--precision=float32",
                       f"--csv={path}")
            self.assertEqual(done.returncode, 0, done.stderr)
            rows = list(csv.DictReader(path.read_text().splitlines()))
        self.assertEqual({row["part"] for row in rows}, {"rate", "convolution", "block", "step"})
        self.assertTrue(all(float(row["ms"]) > 0 and not row["note"] for row in rows))
        steps = {row["way"]: float(row["error"]) for row in rows if row["part"] == "step"}
        self.assertIn("best unlisted", steps)
        self.assertLess(max(steps.values()), 1e-3)

    def test_an_unknown_precision_is_refused(self):
        done = run("--device=cpu", "--precision=tf32")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no precision tf32; there are float32, bfloat16", done.stderr)


if __name__ == "__main__":
    unittest.main()
