#!/usr/bin/env python3
"""Gradient boosting (LightGBM) on the tabular sets of cells.py: what are the numbers of our networks worth?

    python3 experiments/mutual-distillation/gradient_boosting.py

Needs the packages lightgbm (scripts/requirements-bench.txt) and numpy (scripts/requirements.txt), and the
sets where `moestro data` looks for them, below $MOESTRO_DATA or ./data. Takes some minutes on one core.

Sizes are those of the cells: 20 seeds, 1,000 rows to train on (digits: 500), drawn by the seed as they
come; test rows are the set's own, or a fifth of all, drawn by the seed. The rows are not the same as ours,
whose draw is keyed inside the program: compare means, do not pair seeds.

All is LightGBM's default but for the number of trees and of leaves, chosen per set by the mean error over
three seeds used for nothing else; these draw as many rows and validate on what the training part has left.
(Where a seed draws the test rows, other seeds' test rows are among them; so it is in the cells' search.)
A column with text is a categorical one, "?" or nothing a category of its own there; elsewhere it is a
missing number. Errors are shares of rows, for california-housing the root mean square error in dollars.
"""

import csv
import dataclasses
import datetime
import gzip
import os
import pathlib
import statistics

import lightgbm
import numpy

SEEDS = range(20)
SEARCH_SEEDS = range(1000, 1003)
TREES = [25, 50, 100, 200, 400]
LEAVES = [4, 8, 31]
# force_row_wise: otherwise a timing decides in which order sums are taken.
OPTIONS = {"deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1}
MISSING = ("", "?")
RESULTS = pathlib.Path("experiments/results/mutual-distillation/gradient-boosting.csv")


@dataclasses.dataclass
class Source:
    name: str
    files: tuple           # names one of which is there
    test: str = ""
    separator: str = ","
    target: int = -1
    rows: int = 1000       # to train on
    values: bool = False   # regression


SOURCES = [
    Source("adult", ("adult.data",), test="adult.test"),
    Source("bank", ("bank-full.csv",), separator=";"),
    Source("magic", ("magic04.data",)),
    Source("letter", ("letter-recognition.data",), target=0),
    Source("satellite", ("sat.trn",), test="sat.tst", separator=" "),
    Source("covertype", ("covtype.data", "covtype.csv")),
    Source("california-housing", ("housing.csv",), target=-2, values=True),
    Source("digits", ("digits.csv",), rows=500),
]


@dataclasses.dataclass
class Table:
    inputs: numpy.ndarray   # rows x columns
    targets: numpy.ndarray  # classes from 0, or values
    categorical: list       # columns
    tests: int              # the last rows, the set's own test rows; 0: it has none


# -- the rows ------------------------------------------------------------------------------------

def lines(source, folder, names):
    """The fields of each row, without a header, which is known by a target that no other row has."""
    found = [folder / (name + end) for name in names for end in ("", ".gz")]
    path = next((path for path in found if path.exists()), None)
    if path is None:
        raise SystemExit(f"error: none of {', '.join(map(str, found))} is there")
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", newline="") as file:
        rows = [[field.strip() for field in row] for row in csv.reader(file, delimiter=source.separator)
                if row and not row[0].startswith("|")]
    headed = all(row[source.target] != rows[0][source.target] for row in rows[1:])
    return rows[1:] if headed else rows


def codes(texts):
    return numpy.unique(texts, return_inverse=True)[1]


def read(source):
    folder = pathlib.Path(os.environ.get("MOESTRO_DATA", "data")) / source.name
    rows = lines(source, folder, source.files)
    tests = lines(source, folder, [source.test]) if source.test else []
    columns = list(zip(*rows, *tests, strict=True))
    targets = columns.pop(source.target)
    inputs, categorical = [], []
    for i, column in enumerate(columns):
        try:
            inputs.append([float("nan" if text in MISSING else text) for text in column])
        except ValueError:
            inputs.append(codes(column))
            categorical.append(i)
    targets = (numpy.array(targets, float) if source.values
               else codes([text.removesuffix(".") for text in targets]))  # "<=50K." in adult.test
    return Table(numpy.array(inputs, float).T, targets, categorical, len(tests))


def draw(source, table, seed):
    """Row numbers: to train on, left of the training part, test."""
    random, count = numpy.random.default_rng(seed), len(table.targets)
    if table.tests:
        order, test = random.permutation(count - table.tests), numpy.arange(count - table.tests, count)
    else:
        order, test = numpy.split(random.permutation(count), [count - round(count / 5)])
    return order[:source.rows], order[source.rows:], test


# -- boosting ------------------------------------------------------------------------------------

def train(source, table, rows, trees, leaves):
    classes = 0 if source.values else int(table.targets.max()) + 1
    objective = {0: "regression", 2: "binary"}.get(classes, "multiclass")
    data = lightgbm.Dataset(table.inputs[rows], table.targets[rows], categorical_feature=table.categorical)
    options = {"objective": objective, "num_class": classes if classes > 2 else 1, "num_leaves": leaves}
    return lightgbm.train(OPTIONS | options, data, num_boost_round=trees)


def error(source, table, model, rows, trees):
    answers, targets = model.predict(table.inputs[rows], num_iteration=trees), table.targets[rows]
    if source.values:
        return float(numpy.sqrt(numpy.mean((answers - targets) ** 2)))
    chosen = answers > .5 if answers.ndim == 1 else answers.argmax(1)
    return float(numpy.mean(chosen != targets))


def choose(source, table):
    """Trees, leaves; the first trees of a longer run are those of a shorter one."""
    errors = {(trees, leaves): [] for leaves in LEAVES for trees in TREES}
    for seed in SEARCH_SEEDS:
        drawn, left, _ = draw(source, table, seed)
        for leaves in LEAVES:
            model = train(source, table, drawn, max(TREES), leaves)
            for trees in TREES:
                errors[trees, leaves].append(error(source, table, model, left, trees))
    return min(errors, key=lambda setting: statistics.fmean(errors[setting]))


def device_name():
    with open("/proc/cpuinfo") as file:
        model = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    return f"cpu ({model}, 1 thread)"


def main():
    with open(RESULTS, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["set", "seed", "trees", "leaves", "test.error", "device", "date"])
        for source in SOURCES:
            table, errors = read(source), []
            trees, leaves = choose(source, table)
            for seed in SEEDS:
                drawn, _, test = draw(source, table, seed)
                errors.append(error(source, table, train(source, table, drawn, trees, leaves), test, trees))
                out.writerow([source.name, seed, trees, leaves, errors[-1], device_name(),
                              datetime.date.today().isoformat()])
            file.flush()
            spread = statistics.stdev(errors) / len(errors) ** .5
            print(f"{source.name}: {trees} trees of {leaves} leaves, test error "
                  f"{statistics.fmean(errors):.4f} +- {spread:.4f}", flush=True)


if __name__ == "__main__":
    main()
