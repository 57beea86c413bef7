"""Shows when experiments/specialisation/page.py calls a published mean reproduced."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "experiments" / "specialisation"))
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


class Published(unittest.TestCase):
    def test_ranges_run_upwards(self):
        for arms in page.PUBLISHED.values():
            for arm, ends in arms.items():
                self.assertEqual(list(ends), sorted(ends), arm)


if __name__ == "__main__":
    unittest.main()
