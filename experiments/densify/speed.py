"""Times a mixture beside a student of it, and stores the figures in experiments/results/densify/speed.csv.

    python3 experiments/densify/speed.py CASE [...] [--student ARM] [--device cuda] [--program build/moestro]

Without --student: the arm that is stored of the case, else the one that was best on held-out rows. Takes the
runs of a case's first seed that run.py left in runs/densify. One case is one process, in which the two take
turns; nothing else should run beside it. Rows of the same case, student and device are replaced.
"""

import argparse
import csv
import datetime
import json
import pathlib
import subprocess
import sys

import cases
from tables import read

RUNS = pathlib.Path("runs/densify")
STORED = pathlib.Path("experiments/results/densify/speed.csv")
KNOWN = {case.name: case for case in cases.CASES}
KEYS = ["case", "student", "device"]


def run_of(case, arm):
    name = arm.replace(", ", "-").replace(" ", "-")
    return RUNS / case / "runs" / f"{name}-{KNOWN[case].first_seed}"


def stored_rows():
    return read(STORED) if STORED.exists() else []


def student_of(case):
    """The arm that is stored of a case, else the one that its search declared."""
    stored = [row["student"] for row in stored_rows() if row["case"] == case]
    if stored:
        return stored[0]
    searched = STORED.parent / f"gathering-{case}.csv"
    if not searched.exists():
        sys.exit(f"{case} has no search yet; expected --student ARM")
    return next(iter(cases.chosen_gatherings(KNOWN[case], searched)))


def figures(case, student, options):
    command = [options.program, "eval", run_of(case, cases.MIXTURE), "--speed", "--beside",
               run_of(case, student), "--json", "--device", options.device]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr.strip())
    answer = json.loads(done.stdout)
    row = {"case": case, "student": student, "device": answer["device"],
           "date": datetime.date.today().isoformat()}
    for name, run in zip(("mixture", "student"), answer["runs"], strict=True):
        row |= {f"{name}.precision": run["precision"], f"{name}.parameters": run["parameters"],
                f"{name}.operations": run["operations"], f"{name}.latency_ms": run["latency_ms"]["median"],
                f"{name}.samples_per_second": run["throughput"]["samples_per_second"],
                f"{name}.batch": run["throughput"]["batch"],
                f"{name}.memory": run["throughput"]["memory"]}
    for what in ("latency", "throughput"):
        bound = answer["bound"][what]
        row |= {f"{what}.allowed": bound["allowed"], f"{what}.measured": bound["measured"]}
    return row


def store(rows):
    new = {tuple(row[key] for key in KEYS) for row in rows}
    kept = [row for row in stored_rows() if tuple(row[key] for key in KEYS) not in new]
    with open(STORED, "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted([*kept, *rows], key=lambda row: [row[key] for key in KEYS]))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="+", choices=list(KNOWN))
    parser.add_argument("--student", metavar="ARM")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--program", default="build/moestro")
    options = parser.parse_args()
    store([figures(case, options.student or student_of(case), options) for case in options.case])


if __name__ == "__main__":
    main()
