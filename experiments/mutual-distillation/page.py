"""docs/mutual-distillation.md: what the stored rows of the studies say, as tables and pictures."""

import csv
import json
import math
import pathlib
import statistics
import subprocess
import tempfile

import cells
import gains
from gains import table

PICTURES = {"mutual-distillation-weights.svg": gains.curves, "mutual-distillation-rows.svg": gains.gains}
DISTILLED, WITHOUT = cells.DISTILLED, cells.WITHOUT


class Analyses:
    """What `moestro study` says of stored rows."""

    def __init__(self, program, results):
        self.program, self.results = program, results

    def path(self, name):
        return self.results / f"{name}.csv"

    def there(self, name):
        return self.path(name).exists()

    def analyse(self, name, study, *changes):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / f"{name}.toml"
            recipe = pathlib.Path("recipes/multi30k-en-de-mutual.toml").resolve()
            file.write_text(study.replace(cells.TRANSLATION_RECIPE, str(recipe)))
            sets = [word for change in changes for word in ("--set", change)]
            done = subprocess.run([self.program, "study", file, "--results", self.path(name), "--json",
                                   *sets], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        return json.loads(done.stdout)

    def study_of(self, cell):
        epochs = cells.chosen_epochs(self.path(f"epochs-{cell.name}"))
        best = cells.chosen_values(cell, self.path(f"search-{cell.name}"))
        return cells.cell_study(cell, epochs, best), epochs, best


def value(number, like):
    """Errors as shares; prices in thousands."""
    if number is None or math.isnan(number):
        return "–"
    return f"{number / 1000:.2f} k" if like > 10 else f"{number:.4f}"


def signed(number, like):
    return f"{number / 1000:+.2f} k" if like > 10 else f"{number:+.4f}"


def mean_of(analysis, arm, figure=None):
    one = next(found for found in analysis["arms"] if found["arm"] == arm)
    return one[figure or analysis["metric"]]


def difference(paired, like):
    low, high = paired["interval"]
    return f"{signed(paired['difference'], like)} ({signed(low, like)} to {signed(high, like)})"


def in_words(paired, better_is_lower=True):
    low, high = paired["interval"]
    if low <= 0 <= high:
        return "noise"
    return "better" if (high < 0) == better_is_lower else "worse"


def primary_rows(analyses):
    for cell in cells.CELLS:
        if not analyses.there(cell.name):
            continue
        study, epochs, best = analyses.study_of(cell)
        found = analyses.analyse(cell.name, study)
        paired, like = found["primary"], mean_of(found, WITHOUT)["mean"]
        yield [cell.title, f"{best[DISTILLED]:g}", str(paired["seeds"]),
               value(like, like), value(mean_of(found, DISTILLED)["mean"], like),
               difference(paired, like), f"{paired['p']:.1g}", in_words(paired)]


def translation_rows(analyses):
    best = cells.translation_values(analyses.path("search-multi30k"))
    for name, title in cells.TRANSLATIONS.items():
        if not analyses.there(name):
            continue
        found = analyses.analyse(name, cells.translation_cell_study(best, name == "multi30k"))
        paired = found["primary"]
        low, high = paired["interval"]
        yield [f"{title} (BLEU)", f"{best[DISTILLED]:g}", str(paired["seeds"]),
               f"{mean_of(found, WITHOUT)['mean']:.2f}", f"{mean_of(found, DISTILLED)['mean']:.2f}",
               f"{paired['difference']:+.2f} ({low:+.2f} to {high:+.2f})", f"{paired['p']:.1g}",
               in_words(paired, better_is_lower=False)]


def primary(analyses):
    head = ["cell", "weight", "seeds", "without", "distilled", "difference (95 % interval)", "p", "in words"]
    return table(head, [*primary_rows(analyses), *translation_rows(analyses)])


RIVALS = [WITHOUT, DISTILLED, "gate-weighted", "top 2", "top 2, chosen only", "weight decay", "dropout",
          "dense gate", "ensemble, even weights", "one network as large as an expert",
          "one network as large as all"]


def boosted(results):
    path, found = results / "gradient-boosting.csv", {}
    if path.exists():
        with open(path) as file:
            for row in csv.DictReader(file):
                found.setdefault(row["set"], []).append(float(row["test.error"]))
    return {name: statistics.fmean(errors) for name, errors in found.items()}


def rivals(analyses):
    """Arms down, cells across."""
    there = [cell for cell in cells.CELLS if analyses.there(cell.name)]
    found = {cell.name: analyses.analyse(cell.name, analyses.study_of(cell)[0]) for cell in there}
    like = {name: mean_of(analysis, WITHOUT)["mean"] for name, analysis in found.items()}
    rows = []
    for arm in RIVALS:
        row = [arm]
        for cell in there:
            arms = {one["arm"] for one in found[cell.name]["arms"]}
            row.append(value(mean_of(found[cell.name], arm)["mean"], like[cell.name])
                       if arm in arms else "–")
        rows.append(row)
    trees = boosted(analyses.results)
    rows.append(["gradient boosting (LightGBM)"] + [value(trees.get(cell.name, math.nan), like[cell.name])
                                                    for cell in there])
    return table(["test error", *(cell.name for cell in there)], rows)


def beside_distilled(analyses):
    """In how many cells distillation is better or worse than each rival, outside the interval."""
    counts = {}
    for cell in cells.CELLS:
        if not analyses.there(cell.name):
            continue
        found = analyses.analyse(cell.name, analyses.study_of(cell)[0],
                                 f'study.primary=["{WITHOUT}", "{DISTILLED}"]',
                                 f"study.baseline={DISTILLED}")
        for paired in [found["primary"], *found["others"]]:
            words = {"better": "worse", "worse": "better"}.get(in_words(paired), "noise")
            counts.setdefault(paired["first"], []).append((words, cell.name))
    rows = []
    for arm in RIVALS:
        if arm != DISTILLED:
            rows.append([f"distilled beside {arm}"]
                        + [str(sum(one == words for one, _ in counts[arm]))
                           for words in ("better", "noise", "worse")])
    return table(["", "better", "noise", "worse"], rows)


def probing(analyses):
    """Each expert on its own share: under a partition that both arms share, and its own routing."""
    rows = []
    for cell in cells.CELLS:
        if not analyses.there(cell.name):
            continue
        study = analyses.study_of(cell)[0]
        found = analyses.analyse(cell.name, study, "study.metric=probing.own_error",
                                 'study.primary=["fixed partition, distilled", '
                                 '"fixed partition, without"]')
        like = mean_of(found, "fixed partition, without")["mean"]
        routing = [f"{100 * mean_of(found, arm, 'probing.routing_accuracy')['mean']:.1f} %"
                   if not cell.values else "–" for arm in (WITHOUT, DISTILLED)]
        others = [value(mean_of(found, f"fixed partition, {arm}", "probing.others_error")["mean"], like)
                  for arm in (WITHOUT, DISTILLED)]
        rows.append([cell.title, value(like, like),
                     value(mean_of(found, "fixed partition, distilled")["mean"], like),
                     difference(found["primary"], like), in_words(found["primary"]), *others, *routing])
    return table(["cell", "own, without", "own, distilled", "difference (95 % interval)", "in words",
                  "others', without", "others', distilled", "routing accuracy, without",
                  "routing accuracy, distilled"], rows)


def chosen(analyses):
    rows = []
    for cell in cells.CELLS:
        if analyses.there(f"search-{cell.name}"):
            _, epochs, best = analyses.study_of(cell)
            found = cells.means(analyses.path(f"search-{cell.name}"), "valid.error")
            like = found[WITHOUT]
            curve = ", ".join(value(found[f"{DISTILLED} {alpha}"], like) for alpha in cells.ALPHAS)
            rows.append([cell.title, str(epochs), value(like, like), curve,
                         *(f"{best[name]:g}" for name in cells.rivals(cell))])
    weights = ", ".join(f"{alpha:g}" for alpha in cells.ALPHAS)
    return table(["cell", "epochs", "without", f"distilled with {weights}",
                  *cells.rivals(cells.CELLS[0])], rows)


def rows_an_expert_sees(cell):
    rows = next(int(a.split("=")[1]) for a in [*cell.settings, "data.rows=1000"] if a.startswith("data.rows="))
    return rows / cell.experts if cell.top_one else 600


def fixed(analyses):
    """Validation error at one weight for all cells, beside none."""
    changes = {}
    for cell in cells.CELLS:
        found = cells.means(analyses.path(f"search-{cell.name}"), "valid.error")
        rule = gains.nearest(200 / rows_an_expert_sees(cell))
        for name, alpha in [*((f"{alpha:g}", alpha) for alpha in cells.ALPHAS), ("200 / rows", rule)]:
            changes.setdefault(name, []).append(found[f"{DISTILLED} {alpha}"] / found[WITHOUT] - 1)
    return table(["weight", "change of the validation error, %", "cells with less"],
                 [[name, gains.mean_and_error(values),
                   f"{sum(value < 0 for value in values)} of {len(values)}"]
                  for name, values in changes.items()])


def translation(analyses):
    if not analyses.there("multi30k-tenth"):
        return ""
    best = cells.translation_values(analyses.path("search-multi30k"))
    studies = {name: cells.translation_cell_study(best, name == "multi30k") for name in cells.TRANSLATIONS}
    studies[cells.TRANSLATION_GATES_STUDY] = cells.translation_gates_study(best)
    titles = cells.TRANSLATIONS | {cells.TRANSLATION_GATES_STUDY: cells.TRANSLATIONS["multi30k"]}
    rows = []
    for name, title in titles.items():
        if analyses.there(name):
            found = analyses.analyse(name, studies[name])
            for arm in found["arms"]:
                bleu = arm["bleu"]
                rows.append([title, arm["arm"], str(bleu["seeds"]),
                             f"{bleu['mean']:.2f} ± {bleu['standard_error']:.2f}",
                             f"{arm['seconds']['mean']:.0f}"])
    return table(["pairs", "arm", "seeds", "BLEU", "seconds of training"], rows)


def ladder(analyses):
    rows = []
    for name in cells.LADDER_SETS:
        for count in cells.LADDER_ROWS:
            stored = f"ladder-{name}-{count}"
            if not analyses.there(stored):
                continue
            best = cells.means(analyses.path(stored), "valid.error")
            alpha = min(cells.LADDER_ALPHAS[1:], key=lambda one: best[f"alpha {one}"])
            found = analyses.analyse(stored, cells.ladder_study(name, count),
                                     f'study.primary=["alpha {alpha}", "alpha 0"]')
            like = mean_of(found, "alpha 0")["mean"]
            rows.append([name, f"{count:,}" if count else "54,000", f"{alpha:g}", value(like, like),
                         value(mean_of(found, f"alpha {alpha}")["mean"], like),
                         difference(found["primary"], like), in_words(found["primary"])])
    return table(["set", "images", "weight", "without", "distilled", "difference (95 % interval)",
                  "in words"], rows)


def cost(results):
    path = results / "cost.csv"
    if not path.exists():
        return "Not measured yet: `python3 experiments/mutual-distillation/cost.py`.\n"
    with open(path) as file:
        rows = list(csv.DictReader(file))
    lines = [[row["recipe"], row["gate"], row["term"], f"{float(row['ms']):.2f}",
              f"{100 * (float(row['ratio']) - 1):+.1f} %"] for row in rows]
    return (f"{rows[0]['device']}, {rows[0]['date']}, batch 512, least of {rows[0]['rounds']} rounds in turn.\n\n"
            + table(["recipe", "gate", "term among", "ms a step", "beside none"], lines))


def text(program, here, results, docs):
    analyses = Analyses(program, results)
    found = gains.read(results)
    for name, draw in PICTURES.items():
        (docs / name).write_text(draw(found))
    whole = [("@primary", lambda: primary(analyses)), ("@rivals", lambda: rivals(analyses)),
             ("@beside", lambda: beside_distilled(analyses)), ("@probing", lambda: probing(analyses)),
             ("@chosen", lambda: chosen(analyses)), ("@translation", lambda: translation(analyses)),
             ("@ladder", lambda: ladder(analyses)), ("@cost", lambda: cost(results)),
             ("@fixed", lambda: fixed(analyses)), ("@weights", lambda: gains.weights_table(found)),
             ("@noise", lambda: gains.noise_table(found)), ("@rows", lambda: gains.rows_table(found)),
             ("@correlations", lambda: gains.correlations(found)),
             ("@line", lambda: gains.line_text(found)),
             ("@rule", lambda: gains.rule_table(found))]
    page = (here / "findings.md").read_text()
    for mark, make in whole:
        page = page.replace(mark + "\n", make())
    return page
