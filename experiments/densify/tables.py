"""What the pages' tables are made of: stored rows, their figures, Markdown."""

import csv
import math
import statistics
import textwrap


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def prose(text):
    """Lines as long as those of findings.md."""
    return textwrap.fill(text, 119, break_long_words=False, break_on_hyphens=False) + "\n"


def read(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def by_seed(path, figure):
    """Arm -> seed -> the figure, seeds in their order."""
    arms = {}
    for row in sorted(read(path), key=lambda row: int(row["seed"])):
        arms.setdefault(row["arm"], {})[int(row["seed"])] = float(row[figure])
    return arms


def by_arm(path, figure):
    return {arm: list(seeds.values()) for arm, seeds in by_seed(path, figure).items()}


def paired(scores, *arms):
    """The figures of the arms on the seeds that all of them have."""
    common = [seed for seed in scores[arms[0]] if all(seed in scores[arm] for arm in arms)]
    return [[scores[arm][seed] for seed in common] for arm in arms]


def spread(values, digits=4):
    """Mean and standard error, the latter of two values or more."""
    mean = f"{statistics.fmean(values):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ± {statistics.stdev(values) / math.sqrt(len(values)):.{digits}f}"


def percent(share):
    return "–" if math.isnan(share) else f"{100 * share:.0f} %"


def in_words(low, high, sign):
    return "noise" if low <= 0 <= high else "better" if sign * low > 0 else "worse"


def listed(path, column):
    return ", ".join(sorted({row[column] for row in read(path)}))


def between(values, digits=1):
    low, high = (f"{end:.{digits}f}" for end in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def means_of(rows, column):
    """Arm -> mean of the rows that have the column."""
    arms = {}
    for row in rows:
        if row.get(column):
            arms.setdefault(row["arm"], []).append(float(row[column]))
    return {arm: statistics.fmean(values) for arm, values in arms.items()}
