"""Benefit kept and its interval."""

import math
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "experiments/densify"))
import cases  # noqa: E402
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


class Cases(unittest.TestCase):
    def test_every_arm_of_a_case_is_a_student_of_its_mixture(self):
        for case in cases.CASES:
            text = cases.gathering_study(case)
            self.assertEqual(text.count("student.teacher={mixture}"),
                             1 + len(case.gatherings) * len(cases.FITS))


if __name__ == "__main__":
    unittest.main()
