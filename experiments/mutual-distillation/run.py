"""Runs the studies of mutual distillation, keeps their rows, and writes docs/mutual-distillation.md.

    python3 experiments/mutual-distillation/run.py --jobs 16                  what is missing of all
    python3 experiments/mutual-distillation/run.py --only adult,mnist         some cells, all their stages
    python3 experiments/mutual-distillation/run.py --only map --jobs 16
    python3 experiments/mutual-distillation/run.py --page                     the page alone, nothing trained

cells.py says what is run. Rows of a stage are kept in experiments/results/mutual-distillation, as
epochs-CELL.csv, search-CELL.csv, CELL.csv, ladder-SET-ROWS.csv (more images) and map-SET.csv; a stage
whose rows are all there is not run again (remove the file to do so). The runs themselves lie in
runs/mutual-distillation. Translation wants a GPU; cost.csv and gradient-boosting.csv are made by
cost.py and gradient_boosting.py.
"""

import argparse
import csv
import pathlib
import shutil
import subprocess
import sys

import cells
import page
from cells import is_complete

RESULTS = pathlib.Path("experiments/results/mutual-distillation")
RUNS = pathlib.Path("runs/mutual-distillation")
TRANSLATIONS = [*cells.TRANSLATIONS, cells.TRANSLATION_GATES_STUDY]
MAP_SETTING = ["rows", "noise", "experts", "gate", "alpha", "seed"]
MAP_FIGURES = ["valid.error", "valid.loss", "test.error", "test.loss", "probing.own_error",
               "probing.agreement", "specialisation.experts_used", "seconds", "device", "date"]


def train(name, text, options):
    """The study's results.csv."""
    studies = RUNS / "studies"
    studies.mkdir(parents=True, exist_ok=True)
    (studies / f"{name}.toml").write_text(text)
    out = RUNS / name
    done = subprocess.run([options.program, "study", studies / f"{name}.toml", "--out", out, "--jobs",
                           str(options.jobs)], stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(done.returncode)
    return out / "results.csv"


def stage(name, text, options):
    """Where the rows of one stage are kept, trained if some are missing."""
    kept = RESULTS / f"{name}.csv"
    if not is_complete(kept, text):
        rows = train(name, text, options)
        RESULTS.mkdir(parents=True, exist_ok=True)
        shutil.copy(rows, kept)
    return kept


def run_cell(cell, options):
    epochs = cells.chosen_epochs(stage(f"epochs-{cell.name}", cells.epochs_study(cell),
                                       options))
    search = stage(f"search-{cell.name}", cells.search_study(cell, epochs), options)
    best = cells.chosen_values(cell, search)
    stage(cell.name, cells.cell_study(cell, epochs, best), options)


def run_translation(name, options):
    search = stage("search-multi30k", cells.translation_search_study, options)
    best = cells.translation_values(search)
    if name == cells.TRANSLATION_GATES_STUDY:
        stage(name, cells.translation_gates_study(best), options)
    else:
        stage(name, cells.translation_cell_study(best, name == "multi30k"), options)


def run_ladder(name, options):
    for rows in cells.LADDER_ROWS:
        stage(f"ladder-{name}-{rows}", cells.ladder_study(name, rows), options)


def map_rows(path):
    if not path.exists():
        return []
    with open(path) as file:
        return list(csv.DictReader(file))


def run_map(name, options):
    """Keeps what is there: one study after another is added."""
    kept = RESULTS / f"map-{name}.csv"
    RESULTS.mkdir(parents=True, exist_ok=True)
    arms = cells.map_arms()
    for count in cells.map_row_counts(name):
        for noise in cells.MAP_NOISE:
            lines = map_rows(kept)
            if any((row["rows"], row["noise"]) == (str(count), str(noise)) for row in lines):
                continue
            path = train(f"map-{name}-{count}-{noise}", cells.map_study(name, count, noise), options)
            with open(path) as file:
                for row in csv.DictReader(file):
                    setting = zip(MAP_SETTING, [count, noise, *arms[row["arm"]][0], row["seed"]])
                    lines.append(dict(setting) | {key: row[key] for key in MAP_FIGURES})
            with open(kept, "w", newline="") as file:
                out = csv.DictWriter(file, MAP_SETTING + MAP_FIGURES, lineterminator="\n")
                out.writeheader()
                out.writerows(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/moestro")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", metavar="NAMES", help="cells, multi30k-tenth, multi30k, multi30k-gates, ladder-SET, map or map-SET")
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    known = [cell.name for cell in cells.CELLS] + TRANSLATIONS + [
        f"ladder-{name}" for name in cells.LADDER_SETS] + [f"map-{name}" for name in cells.MAP_SETS]
    names = options.only.split(",") if options.only else known
    if "map" in names:
        names = [name for name in names if name != "map"] + [f"map-{s}" for s in cells.MAP_SETS]
    for name in [] if options.page else names:
        if name not in known:
            sys.exit(f"unknown cell {name}; expected one of {', '.join(known)} or map")
        if name.startswith("map-"):
            run_map(name[len("map-"):], options)
        elif name.startswith("ladder-"):
            run_ladder(name[len("ladder-"):], options)
        elif name in TRANSLATIONS:
            run_translation(name, options)
        else:
            run_cell(next(cell for cell in cells.CELLS if cell.name == name), options)
    docs = pathlib.Path("docs")
    here = pathlib.Path("experiments/mutual-distillation")
    (docs / "mutual-distillation.md").write_text(page.text(options.program, here, RESULTS, docs))


if __name__ == "__main__":
    main()
