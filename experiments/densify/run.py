"""Folds mixtures into dense students, keeps the rows, and writes docs/densify.md from them.

    python3 experiments/densify/run.py --jobs 2                    what is missing of all cases
    python3 experiments/densify/run.py --only fashion-mnist
    python3 experiments/densify/run.py --trials                    where a mixture beats its dense twin
    python3 experiments/densify/run.py --page                      the page alone, nothing trained

cases.py and trials.py say what is run. Of each CASE four studies, in experiments/results/densify: gathering-CASE.csv
(which way, which fit), distillation-CASE.csv (how much of the teacher), CASE.csv (the comparison on test
rows), longer-CASE.csv (dense networks trained twice as long); of each TRIAL trial-TRIAL.csv. Rows that are there
are not made again; remove a file to do so. Runs lie in runs/densify.
"""

import argparse
import pathlib
import subprocess
import sys

import cases
import page
import trials
from cases import is_complete
from stored import run_study  # cases.py says where it is

HERE = pathlib.Path("experiments/densify")
RESULTS = pathlib.Path("experiments/results/densify")
RUNS = pathlib.Path("runs/densify")


def stage(name, text, options):
    """Where the rows of a study are kept, trained if some are missing."""
    kept = RESULTS / f"{name}.csv"
    if is_complete(kept, text):
        return kept
    studies = RUNS / "studies"
    studies.mkdir(parents=True, exist_ok=True)
    (studies / f"{name}.toml").write_text(text)
    run_study(options.program, studies / f"{name}.toml", RUNS / name, kept, "--jobs", str(options.jobs),
              "--device", options.device, stdout=subprocess.DEVNULL)
    return kept


def run_case(case, options):
    gathering = stage(f"gathering-{case.name}", cases.gathering_study(case), options)
    chosen = cases.chosen_gatherings(case, gathering)
    best = next(iter(chosen.values()))
    distillation = stage(f"distillation-{case.name}", cases.distillation_study(case, best), options)
    stage(case.name, cases.case_study(case, chosen,
                                      cases.chosen_distillation(case, distillation, "folded"),
                                      cases.chosen_distillation(case, distillation, cases.DISTILLED)),
          options)
    stage(f"longer-{case.name}", cases.longer_study(case), options)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/moestro")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", metavar="CASES")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--trials", action="store_true")
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    known = {case.name: case for case in cases.CASES}
    names = options.only.split(",") if options.only else list(known)
    for trial in trials.TRIALS if options.trials else []:
        stage(f"trial-{trial.name}", trials.trial_study(trial), options)
    for name in [] if options.page or options.trials else names:
        if name not in known:
            sys.exit(f"unknown case {name}; expected one of {', '.join(known)}")
        run_case(known[name], options)
    pathlib.Path("docs/densify.md").write_text(page.text(HERE, RESULTS))


if __name__ == "__main__":
    main()
