"""Shows when experiments/specialisation/page.py calls a published mean reproduced."""
import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "experiments" / "specialisation"))
import gate_steps
import page


class Verdict(unittest.TestCase):
    def test_within_five_thousandths_is_reproduced_however_small_the_error(self):
        self.assertEqual(page.verdict(.0448, .0001, (.040,)), "reproduced")
        self.assertEqual(page.verdict(.0352, .0001, (.040,)), "reproduced")
        self.assertEqual(page.verdict(.0456, .0001, (.040,)), "0.006 higher")
        self.assertEqual(page.verdict(.0344, .0001, (.040,)), "0.006 lower")

    def test_within_2_8_standard_errors_is_reproduced_however_far(self):
        self.assertEqual(page.verdict(.067, .01, (.040,)), "reproduced")
        self.assertEqual(page.verdict(.069, .01, (.040,)), "0.029 higher")

    def test_of_a_range_the_nearer_end_counts_and_what_lies_in_it_is_reproduced(self):
        self.assertEqual(page.verdict(.06, .0001, (.040, .080)), "reproduced")
        self.assertEqual(page.verdict(.0846, .0001, (.040, .080)), "reproduced")
        self.assertEqual(page.verdict(.087, .0001, (.040, .080)), "0.007 higher")
        self.assertEqual(page.verdict(.030, .0001, (.040, .080)), "0.010 lower")

    def test_one_seed_has_no_error_and_five_thousandths_to_be_in(self):
        self.assertEqual(page.verdict(.044, float("nan"), (.040,)), "reproduced")
        self.assertEqual(page.verdict(.050, float("nan"), (.040,)), "0.010 higher")


class Comparison(unittest.TestCase):
    def test_is_of_the_arms_that_are_stored_with_mean_and_standard_error(self):
        with tempfile.TemporaryDirectory() as folder:
            stored = Path(folder) / "failure-mnist.csv"
            stored.write_text("arm,seed,test.error\njoint,0,0.08\njoint,1,0.10\nmine,0,0.5\n")
            lines = page.comparison("failure-mnist", stored).splitlines()
        self.assertEqual(lines[2:], ["| joint | 0.0900 ± 0.0100 | 0.090 | reproduced |"])


class GateSteps(unittest.TestCase):
    def test_are_read_from_the_runs_that_are_there_and_tabled_by_arm(self):
        with tempfile.TemporaryDirectory() as folder:
            study, runs = Path(folder) / "s.toml", Path(folder) / "runs"
            study.write_text('[study]\nseeds = 2\nfirst_seed = 7\n[study.arms]\n"to 3e-3, clip" = []\nother = []\n')
            run = runs / "to-3e-3-clip-7"
            run.mkdir(parents=True)
            step = {"kind": "step", "step": 250, "loss": 4.0, "gate_logit": 1234.0, "gate_entropy": 0.5,
                    "gradient_norm": 2.0}
            run.joinpath("metrics.jsonl").write_text(
                json.dumps(step) + "\n" + json.dumps({"kind": "epoch", "step": 250}) + "\n")
            gate_steps.store(study, runs, Path(folder) / "steps.csv")
            rows = (Path(folder) / "steps.csv").read_text().splitlines()
            table = gate_steps.table(Path(folder) / "steps.csv", steps=(250, 450))
        self.assertEqual(rows[1:], ['"to 3e-3, clip",7,250,4,1234,0.5,2'])
        self.assertEqual(table.splitlines()[2:], ["| to 3e-3, clip | 1,234 |  |"])


class Published(unittest.TestCase):
    def test_ranges_run_upwards(self):
        for arms in page.PUBLISHED.values():
            for arm, ends in arms.items():
                self.assertEqual(list(ends), sorted(ends), arm)


if __name__ == "__main__":
    unittest.main()
