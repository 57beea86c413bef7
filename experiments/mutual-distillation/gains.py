"""What the rows of the map say: where distillation helps, at which weight, and whether one weight will do."""

import collections
import csv
import math
import statistics

import cells
import charts

CHOSEN = {"dense": None, "top 2": 2, "top 1": 1}  # experts a row meets; None: all


def read(results):
    """(set, rows, noise, experts, gate) -> alpha -> (mean validation error, mean test error)."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for name in cells.MAP_SETS:
        path = results / f"map-{name}.csv"
        if not path.exists():
            continue
        with open(path) as file:
            for row in csv.DictReader(file):
                key = (name, int(row["rows"]), float(row["noise"]), int(row["experts"]), row["gate"])
                found[key][float(row["alpha"])].append((float(row["valid.error"]),
                                                        float(row["test.error"])))
    return {key: {alpha: tuple(map(statistics.fmean, zip(*values))) for alpha, values in by.items()}
            for key, by in found.items()}


def training_rows(name, rows):
    """All: what tests and a fifth for validation leave."""
    return rows or {"satellite": 3548, "letter": 12800, "covertype": 6400, "magic": 12173}[name]


def rows_an_expert_sees(key):
    name, rows, _, experts, gate = key
    return training_rows(name, rows) * (CHOSEN[gate] or experts) / experts


def picked(by_alpha):
    """The weight above 0 with the lowest validation error."""
    return min((alpha for alpha in by_alpha if alpha > 0), key=lambda alpha: by_alpha[alpha][0])


def change(by_alpha, alpha):
    """Of the test error, relative to that without; below 0 is better."""
    return by_alpha[alpha][1] / by_alpha[0][1] - 1


def mean_and_error(values):
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{100 * statistics.fmean(values):+.1f} ± {100 * error:.1f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def changes_table(heading, rows):
    """rows: name -> (settings by key, the weight of each); the mean change for each gate."""
    return table([heading, *CHOSEN],
                 [[name, *(mean_and_error([change(by, way(by)) for key, by in found.items()
                                           if key[4] == gate]) for gate in CHOSEN)]
                  for name, (found, way) in rows.items()])


def weights_table(found):
    """Change of the test error by weight and gate, over all settings of the map."""
    ways = {f"{alpha:g}": lambda by, alpha=alpha: alpha for alpha in cells.ALPHAS}
    ways["picked on validation rows"] = picked
    ways["picked, 0 allowed"] = lambda by: min(by, key=lambda alpha: by[alpha][0])
    return changes_table("weight", {name: (found, way) for name, way in ways.items()})


def part_of(found, place, value):
    return {key: by for key, by in found.items() if key[place] == value}


def noise_table(found):
    return changes_table("label noise", {f"{100 * noise:g} %": (part_of(found, 2, noise), picked)
                                         for noise in cells.MAP_NOISE})


def rows_table(found):
    return changes_table("trained on", {row_name(rows): (part_of(found, 1, rows), picked)
                                        for rows in cells.MAP_ROWS})


def correlations(found):
    """Of the change and of the picked weight with log(rows an expert sees)."""
    groups = {"all": found} | {gate: part_of(found, 4, gate) for gate in CHOSEN}
    rows = []
    for name, group in groups.items():
        logs = [math.log(rows_an_expert_sees(key)) for key in group]
        changes = [change(by, picked(by)) for by in group.values()]
        weights = [math.log(picked(by)) for by in group.values()]
        rows.append([name, str(len(group)), f"{statistics.correlation(logs, changes):+.2f}",
                     f"{statistics.correlation(logs, weights):+.2f}"])
    return table(["gate", "settings", "change of error", "log of the picked weight"], rows)


def line(found):
    """a, b of log alpha = a + b log(rows an expert sees), by least squares over the picked weights."""
    logs = [math.log(rows_an_expert_sees(key)) for key in found]
    slope, intercept = statistics.linear_regression(logs, [math.log(picked(by)) for by in found.values()])
    return intercept, slope


def line_text(found):
    intercept, slope = line(found)
    return f"weight = {math.exp(intercept):.0f} x (rows an expert sees)^{slope:.2f}\n"


def nearest(alpha):
    return min(cells.ALPHAS, key=lambda one: abs(math.log(one / alpha)))


def rule_table(found):
    """A weight from the rows alone, its line fitted on the other sets, beside what picking gives."""
    rows = []
    for name in [name for name in cells.MAP_SETS if any(key[0] == name for key in found)]:
        mine = part_of(found, 0, name)
        a, b = line({key: by for key, by in found.items() if key[0] != name})
        by_line = [change(by, nearest(math.exp(a + b * math.log(rows_an_expert_sees(key)))))
                   for key, by in mine.items()]
        simple = [change(by, nearest(200 / rows_an_expert_sees(key))) for key, by in mine.items()]
        fixed = [change(by, .1) for by in mine.values()]
        chosen = [change(by, picked(by)) for by in mine.values()]
        rows.append([name, *map(mean_and_error, (by_line, simple, fixed, chosen))])
    return table(["set", "line of the other sets", "200 / rows", "weight .1",
                  "picked on validation rows"], rows)


def row_name(rows):
    return f"{rows:,} rows" if rows else "all rows"


def curves(found):
    """The change over the weight: a panel for each set and gate, a line for each count of rows."""
    panels = []
    for name in sorted({key[0] for key in found}, key=cells.MAP_SETS.index):
        for gate in CHOSEN:
            series = {row_name(rows): [] for rows in cells.MAP_ROWS}
            for rows in cells.MAP_ROWS:
                by = found.get((name, rows, 0., 8, gate))
                if by:
                    series[row_name(rows)] = [
                        (alpha, 100 * change(by, alpha)) for alpha in by if alpha > 0]
            panels.append(charts.Panel(f"{name}, {gate}", series, (.008, 12), (-25, 40),
                                       "weight of the distillation", "change of test error, %"))
    return charts.page(panels, len(CHOSEN))


def gains(found):
    """The change at the picked weight over the rows that an expert sees, a panel for each noise."""
    panels = []
    for noise in cells.MAP_NOISE:
        series = {gate: [(rows_an_expert_sees(key), 100 * change(by, picked(by)))
                         for key, by in found.items() if key[2] == noise and key[4] == gate]
                  for gate in CHOSEN}
        panels.append(charts.Panel(f"label noise {100 * noise:g} %", series, (25, 15000), (-60, 20),
                                   "rows an expert sees", "change of test error, %", lines=False))
    return charts.page(panels, len(panels))
