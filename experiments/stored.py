"""Rows that `moestro study` stored as csv."""

import csv
import shutil
import statistics
import subprocess
import sys
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


def run_study(program, study, out, kept, *options, stdout=None):
    """Trains what is missing of a study in the folder `out`, and keeps the rows that it has then, also of one that
    was stopped; where it was, or failed, this program ends with its exit code."""
    done = subprocess.run([program, "study", study, "--out", out, *options], stdout=stdout)
    if (out / "results.csv").exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(out / "results.csv", kept)
    if done.returncode != 0:
        sys.exit(done.returncode)


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
