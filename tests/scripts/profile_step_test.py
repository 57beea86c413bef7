"""Tests of benchmarks/profile_step.py on what ncu prints: launches, the step among them, names.

Usage: profile_step_test.py
"""
import subprocess
import sys
import unittest
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import profile_step  # noqa: E402

HEAD = '"ID","Kernel Name","Grid Size","Metric Name","Metric Unit","Metric Value"'
ADD = ("void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>, "
       "std::array<char *, 3>>(int, T2, T3)")
CONV = "void moestro::<unnamed>::conv_kernel<16, 32, 1>(moestro::<unnamed>::Convolution)"
STEP = [(CONV, "(20, 19, 1)", "91,680"), (ADD, "(1, 1, 1)", "2,000"), (ADD, "(5, 1, 1)", "3,000")]


def printed(launches):
    rows = [f'"{i}","{name}","{grid}","gpu__time_duration.sum","ns","{ns}"'
            for i, (name, grid, ns) in enumerate(launches)]
    return "\n".join(["==PROF== Connected", HEAD, *rows, "==PROF== Disconnected"])


class ProfileStep(unittest.TestCase):
    def test_a_step_is_where_launches_repeat(self):
        launches = profile_step.launches_of(printed(STEP[2:] + 4 * STEP))
        self.assertEqual(len(launches), 13)
        step = profile_step.one_step(launches)
        self.assertEqual(len(step), 3)
        rows = profile_step.table(step, "card")
        self.assertEqual([row[:4] for row in rows],
                         [["conv_kernel<16, 32, 1>", 1, 91.68, "card"],
                          ["vectorized_elementwise_kernel CUDAFunctor_add", 2, 5.0, "card"]])

    def test_launches_that_never_repeat_are_no_step(self):
        launches = profile_step.launches_of(printed([(f"kernel_{i}", "(1, 1, 1)", "1") for i in range(9)]))
        self.assertIsNone(profile_step.one_step(launches))

    def test_what_is_missing_is_said(self):
        done = subprocess.run([sys.executable, str(BENCHMARKS / "profile_step.py"), "--program=none",
                               "--ncu=/no/ncu"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("error: there is no /no/ncu", done.stderr)


if __name__ == "__main__":
    unittest.main()
