"""Benefit kept and its interval."""

import math
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "experiments/densify"))
import cases  # noqa: E402
import page  # noqa: E402
import speed  # noqa: E402
import speed_page  # noqa: E402
from kept import benefit_kept, paired_difference  # noqa: E402


class BenefitKept(unittest.TestCase):
    dense = [.50, .52, .49, .51, .50]
    mixture = [.60, .63, .58, .61, .60]

    def test_is_one_for_the_mixture_and_zero_for_the_dense_network(self):
        whole = benefit_kept(self.mixture, self.dense, self.mixture)
        self.assertAlmostEqual(whole.share, 1)
        self.assertAlmostEqual(whole.low, 1)
        self.assertAlmostEqual(whole.high, 1)
        none = benefit_kept(self.dense, self.dense, self.mixture)
        self.assertAlmostEqual(none.share, 0)

    def test_the_interval_holds_the_ratios_that_a_t_test_does_not_refuse(self):
        student = [.55, .58, .52, .57, .54]
        kept = benefit_kept(student, self.dense, self.mixture)
        self.assertLess(kept.low, kept.share)
        self.assertGreater(kept.high, kept.share)
        for end in (kept.low, kept.high):
            scaled = [(s - d) - end * (m - d)
                      for s, d, m in zip(student, self.dense, self.mixture)]
            mean, low, high = paired_difference(scaled, [0] * 5)
            self.assertAlmostEqual(min(abs(low), abs(high)), 0, places=6)

    def test_has_no_end_where_the_denominator_may_be_zero(self):
        kept = benefit_kept([.5, .6, .5], [.5, .5, .5], [.6, .7, .4])
        self.assertTrue(math.isnan(kept.low) and math.isnan(kept.high))
        self.assertTrue(kept.is_noise)

    def test_more_or_fewer_seeds_than_t_is_tabled_for_are_refused(self):
        paired_difference([*range(30)], [0] * 30)
        for seeds in (1, 31):
            with self.assertRaisesRegex(ValueError, f"{seeds} paired seeds; expected 2 to 30"):
                paired_difference([*range(seeds)], [0] * seeds)
        with self.assertRaisesRegex(ValueError, "31 paired seeds"):
            benefit_kept([*range(31)], [0] * 31, [*range(31)])


class Cases(unittest.TestCase):
    def test_every_arm_of_a_case_is_a_student_of_its_mixture(self):
        for case in cases.CASES:
            text = cases.gathering_study(case)
            self.assertEqual(text.count("student.teacher={mixture}"),
                             1 + len(case.gatherings) * len(cases.FITS))


class Page(unittest.TestCase):
    def test_cells_that_are_numbers_are_found_whatever_their_form(self):
        row = {"a": "5e-05", "b": "-1.5", "c": "3", "date": "2026-11-26", "device": "cpu", "none": ""}
        self.assertEqual(speed_page.numbers(row), {"a": 5e-05, "b": -1.5, "c": 3})

    def test_rows_of_other_devices_are_said_to_be(self):
        with tempfile.TemporaryDirectory() as folder:
            compared, longer = (pathlib.Path(folder) / name for name in ("one.csv", "longer-one.csv"))
            compared.write_text("arm,seed,device,date\ndense,0,H100,2026-01-02\ndense,1,H100,2026-01-02\n")
            longer.write_text("arm,seed,device,date\ndense,0,H200,2026-01-03\n")
            found = page.compared_text(compared, longer)
            self.assertIn("Made on H100, 2026-01-02, 2 seeds;", found)
            self.assertIn("on H200, 2026-01-03, 1 seed.", found)
            self.assertIn("not by device", found)
            longer.write_text("arm,seed,device,date\ndense,0,H100,2026-01-03\n")
            self.assertNotIn("not by device", page.compared_text(compared, longer))
            longer.write_text(compared.read_text())
            self.assertIn("likewise", page.compared_text(compared, longer))


class Speed(unittest.TestCase):
    def test_the_student_is_the_stored_one_else_the_best_of_the_search(self):
        with tempfile.TemporaryDirectory() as folder:
            stored = pathlib.Path(folder) / "speed.csv"
            arms = {f"{way}, {fit}": .5 for way in cases.GATHERINGS for fit in cases.FITS}
            arms["svd, linear"] = .4
            stored.with_name("gathering-mnist.csv").write_text(
                "arm,seed,valid.error\n" + "".join(f'"{arm}",0,{error}\n' for arm, error in arms.items()))
            with mock.patch.object(speed, "STORED", stored):
                self.assertEqual(speed.student_of("mnist"), "svd")
                with self.assertRaisesRegex(SystemExit, "--student"):
                    speed.student_of("fashion-mnist")
                stored.write_text("case,student\nmnist,best expert\n")
                self.assertEqual(speed.student_of("mnist"), "best expert")


if __name__ == "__main__":
    unittest.main()
