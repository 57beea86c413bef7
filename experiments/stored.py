"""Rows that `moestro study` stored as csv."""

import csv
import statistics
import subprocess
import tomllib


def is_complete(path, text):
    """Whether the rows of a study (its TOML) are all there: each of its arms with each of its seeds."""
    if not path.exists():
        return False
    study = tomllib.loads(text)["study"]
    seeds = range(study["first_seed"], study["first_seed"] + study["seeds"])
    with open(path) as file:
        there = {(row["arm"], int(row["seed"])) for row in csv.DictReader(file)}
    return there >= {(arm, seed) for arm in study["arms"] for seed in seeds}


def means(path, metric):
    """Arm -> mean over seeds."""
    arms = {}
    with open(path) as file:
        for row in csv.DictReader(file):
            arms.setdefault(row["arm"], []).append(float(row[metric]))
    return {arm: statistics.fmean(values) for arm, values in arms.items()}


def tables(program, study, results, *more):
    """What `moestro study` says of stored rows, as Markdown."""
    done = subprocess.run([program, "study", study, "--results", results, "--markdown", *more],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return done.stdout
