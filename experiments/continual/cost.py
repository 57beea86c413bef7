"""What merging costs: the time of a stream's training steps with a merge after every step beside none.

    python3 experiments/continual/cost.py            experiments/results/continual/cost.csv

recipes/text-stream-small.toml, in pairs on an otherwise idle machine. A merge costs what such a step takes
longer; per task of 300 steps there are seven (recipes/text-stream.toml).
"""

import argparse
import csv
import json
import pathlib
import subprocess

RESULTS = pathlib.Path("experiments/results/continual/cost.csv")
RUNS = pathlib.Path("runs/continual")
ARMS = {"no merging": ["merge.every=0", "merge.first=", "merge.last="],
        "a merge a step": ["merge.every=1", "merge.first=1", "merge.last=30"]}


def seconds_a_step(program, name, settings):
    out = RUNS / f"cost-{name.replace(' ', '-')}"
    command = [program, "continual", "recipes/text-stream-small.toml", "--out", out, "--force", "--quiet", "--json"]
    for setting in settings:
        command += ["--set", setting]
    summary = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return summary["seconds"] / (30 * len(summary["continual"]["tasks"])), summary["device"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/moestro")
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with open(RESULTS, "w") as file:
        rows = csv.writer(file)
        rows.writerow(["pair", "arm", "milliseconds_a_step", "device"])
        for pair in range(options.pairs):
            for name, settings in ARMS.items():
                seconds, device = seconds_a_step(options.program, name, settings)
                rows.writerow([pair, name, f"{1000 * seconds:.2f}", device])
                file.flush()


if __name__ == "__main__":
    main()
