"""What merging costs: the time of a stream's training steps with a merge after every step beside none.

    python3 experiments/continual/cost.py [--device cuda]     experiments/results/continual/cost.csv, cost-cuda.csv

recipes/text-stream-small.toml, in pairs on an otherwise idle machine. A merge costs what such a step takes
longer; per task of 300 steps there are seven (recipes/text-stream.toml).
"""

import argparse
import csv
import json
import pathlib
import subprocess

RESULTS = {"cpu": pathlib.Path("experiments/results/continual/cost.csv"),
           "cuda": pathlib.Path("experiments/results/continual/cost-cuda.csv")}
RUNS = pathlib.Path("runs/continual")
ARMS = {"no merging": ["merge.every=0", "merge.first=", "merge.last="],
        "a merge a step": ["merge.every=1", "merge.first=1", "merge.last=30"]}


def seconds_a_step(program, device, name, settings):
    out = RUNS / f"cost-{name.replace(' ', '-')}"
    command = [program, "continual", "recipes/text-stream-small.toml", "--out", out, "--force", "--quiet", "--json",
               "--device", device]
    for setting in settings:
        command += ["--set", setting]
    summary = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return summary["seconds"] / (30 * len(summary["continual"]["tasks"])), summary["device"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/moestro")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--device", choices=list(RESULTS), default="cpu")
    options = parser.parse_args()
    results = RESULTS[options.device]
    results.parent.mkdir(parents=True, exist_ok=True)
    with open(results, "w") as file:
        rows = csv.writer(file)
        rows.writerow(["pair", "arm", "milliseconds_a_step", "device"])
        for pair in range(options.pairs):
            for name, settings in ARMS.items():
                seconds, device = seconds_a_step(options.program, options.device, name, settings)
                rows.writerow([pair, name, f"{1000 * seconds:.2f}", device])
                file.flush()


if __name__ == "__main__":
    main()
