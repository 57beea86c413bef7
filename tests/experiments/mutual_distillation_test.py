"""What experiments/mutual-distillation chooses from stored rows, and when it calls them complete."""
import csv
import math
import sys
import tempfile
import tomllib
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "experiments" / "mutual-distillation"))
import cells
import gains
import page
import run

DIGITS = next(cell for cell in cells.CELLS if cell.name == "digits")


class Folder(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.path = Path(self.temporary.name) / "rows.csv"

    def put(self, rows):
        with open(self.path, "w", newline="") as file:
            out = csv.writer(file)
            out.writerow(["arm", "seed", "valid.error"])
            out.writerows(rows)


class Choice(Folder):
    def test_is_the_value_with_the_lowest_mean_over_seeds_for_each_rival_apart(self):
        rows = []
        for name, (_, values) in cells.rivals(DIGITS).items():
            for i, value in enumerate(values):
                for seed in range(3):
                    rows.append([f"{name} {value}", seed, .5 - .1 * (i == 2) + .3 * (i == 4 and seed == 0)])
        rows.append(["without", 0, 0.0])  # no candidate
        self.put(rows)
        self.assertEqual(cells.chosen_values(DIGITS, self.path),
                         {name: values[2] for name, (_, values) in cells.rivals(DIGITS).items()})

    def test_of_epochs_is_that_of_the_mixture_without_distillation(self):
        self.put([["10 epochs", 0, .3], ["20 epochs", 0, .1], ["20 epochs", 1, .2], ["40 epochs", 0, .16]])
        self.assertEqual(cells.chosen_epochs(self.path), 20)


class Completeness(Folder):
    def test_wants_each_arm_with_each_seed(self):
        text = cells.epochs_study(DIGITS)
        arms = tomllib.loads(text)["study"]["arms"]
        rows = [[arm, seed, .1] for arm in arms for seed in (1000, 1001, 1002)]
        self.assertFalse(run.is_complete(self.path, text))
        self.put(rows)
        self.assertTrue(run.is_complete(self.path, text))
        self.put(rows[:-1])
        self.assertFalse(run.is_complete(self.path, text))


class Studies(unittest.TestCase):
    def test_of_a_cell_share_all_but_what_an_arm_says(self):
        best = {name: values[0] for name, (_, values) in cells.rivals(DIGITS).items()}
        study = tomllib.loads(cells.cell_study(DIGITS, 40, best))
        self.assertEqual(study["study"]["seeds"], 20)
        self.assertEqual(study["data"]["validation"], 0)
        arms = study["study"]["arms"]
        self.assertEqual(set(arms["distilled"]) - set(arms["without"]), {"loss.mutual_distillation=0.01"})
        for arm, assignments in arms.items():
            keys = [assignment.split("=")[0] for assignment in assignments]
            self.assertEqual(len(keys), len(set(keys)), arm)
            self.assertIn("train.epochs=40", assignments, arm)


class Gains(unittest.TestCase):
    by_alpha = {0: (.30, .40), .1: (.25, .30), 1: (.20, .50)}

    def test_are_those_of_the_weight_that_validation_rows_choose_even_where_test_rows_do_not(self):
        self.assertEqual(gains.picked(self.by_alpha), 1)
        self.assertAlmostEqual(gains.change(self.by_alpha, 1), .25)

    def test_count_the_rows_that_an_expert_sees_by_what_the_gate_chooses(self):
        self.assertEqual(gains.rows_an_expert_sees(("magic", 1000, 0., 8, "top 1")), 125)
        self.assertEqual(gains.rows_an_expert_sees(("magic", 1000, 0., 8, "top 2")), 250)
        self.assertEqual(gains.rows_an_expert_sees(("magic", 1000, 0., 8, "dense")), 1000)

    def test_take_a_weight_to_the_nearest_of_the_map(self):
        self.assertEqual([gains.nearest(alpha) for alpha in (.001, .05, .06, 200)], [.01, .03, .1, 10])


class Words(unittest.TestCase):
    def test_call_noise_what_holds_zero(self):
        self.assertEqual(page.in_words({"interval": [-1, 1]}), "noise")
        self.assertEqual(page.in_words({"interval": [-2, -1]}), "better")
        self.assertEqual(page.in_words({"interval": [-2, -1]}, better_is_lower=False), "worse")

    def test_say_prices_in_thousands_and_what_is_missing_with_a_dash(self):
        self.assertEqual(page.value(63236., 60000), "63.24 k")
        self.assertEqual(page.value(.1234567, .1), "0.1235")
        self.assertEqual(page.value(math.nan, .1), "–")


if __name__ == "__main__":
    unittest.main()
