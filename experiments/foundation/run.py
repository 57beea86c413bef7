"""Trains every arm of the foundation study with paired seeds and gathers the figures as CSV.

    python3 experiments/foundation/run.py --seeds 5 --jobs 2
    python3 experiments/foundation/tables.py > docs/results.md

Runs lie in runs/foundation/; what is finished is not run again, what was interrupted goes on. With
several jobs each run gets its share of the CPU threads.
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

from arms import arms

COLUMNS = ["data", "settings", "gate", "seed", "error", "loss", "hard_top1_error",
           "mutual_information", "mutual_information_predicted", "sample_entropy", "usage_entropy",
           "experts_used", "parameters", "epochs", "seconds", "device", "date", "version"]


def folder_of(root, data, settings, gate, seed):
    return root / f"{data}-{settings}-{gate.replace(' + ', '-').replace(' ', '-')}-{seed}"


def row_of(folder, data, settings, gate, seed):
    summary = json.loads((folder / "summary.json").read_text())
    manifest = json.loads((folder / "manifest.json").read_text())
    row = {"data": data, "settings": settings, "gate": gate, "seed": seed,
           "error": summary["test"]["error"], "loss": summary["test"]["loss"],
           "date": manifest["finished"][:10], "version": manifest["version"]}
    flat = {**summary, **summary.get("specialisation", {})}
    row.update({key: flat.get(key, "") for key in COLUMNS if key not in row})
    return row


def train(program, folder, recipe, assignments, seed, threads):
    command = [program, "train", recipe, "--seed", str(seed), "--out", str(folder), "--resume",
               "--quiet", "--json", "--threads", str(threads)]
    for assignment in assignments:
        command += ["--set", assignment]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{folder.name}: exit code {done.returncode}: {done.stderr.strip()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/moestro")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--runs", type=pathlib.Path, default=pathlib.Path("runs/foundation"))
    parser.add_argument("--out", type=pathlib.Path,
                        default=pathlib.Path("experiments/results/foundation/runs.csv"))
    options = parser.parse_args()

    threads = max(1, os.cpu_count() // options.jobs)
    rows, failures = [], []
    with ThreadPoolExecutor(options.jobs) as pool:
        jobs = {}
        for seed in range(options.seeds):
            for data, settings, gate, recipe, assignments in arms():
                folder = folder_of(options.runs, data, settings, gate, seed)
                job = pool.submit(train, options.program, folder, recipe, assignments, seed, threads)
                jobs[job] = (folder, data, settings, gate, seed)
        for done, job in enumerate(as_completed(jobs), 1):
            try:
                job.result()
            except RuntimeError as error:
                failures.append(str(error))
                print(error, file=sys.stderr)
                continue
            rows.append(row_of(*jobs[job]))
            write(options.out, rows)
            print(f"{done}/{len(jobs)} {jobs[job][0].name}: error {rows[-1]['error']:.4f}",
                  file=sys.stderr)
    if failures:
        sys.exit(f"{len(failures)} runs failed")


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = sorted(rows, key=lambda r: (r["data"], r["settings"], r["gate"], r["seed"]))
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
