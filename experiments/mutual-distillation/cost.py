"""What the term costs in a training step, measured in turn with the step without it.

    cmake --build build --target moestro_bench_train_step
    python3 experiments/mutual-distillation/cost.py [--build build] [--threads 2]

Writes experiments/results/mutual-distillation/cost.csv: the least of the rounds' medians, since what
disturbs a step only ever adds to it. Wants an idle machine.
"""

import argparse
import csv
import datetime
import json
import os
import pathlib
import subprocess

OUT = pathlib.Path("experiments/results/mutual-distillation/cost.csv")
NONE = "none"


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return "unknown"


def order(item):
    recipe, gate, term = item[0]
    return (recipe != "mnist", ["softmax", "noisy_topk", "switch"].index(gate),
            [NONE, "chosen", "all"].index(term))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    program = pathlib.Path(options.build) / "benchmarks" / "moestro_bench_train_step"
    done = subprocess.run(
        [program, "--benchmark_filter=^mutual/", "--benchmark_format=json",
         "--benchmark_min_time=0.05", f"--benchmark_repetitions={options.rounds}",
         "--benchmark_enable_random_interleaving=true"],
        env={**os.environ, "OMP_NUM_THREADS": str(options.threads)}, capture_output=True, text=True,
        check=True)
    times = {}
    for run in json.loads(done.stdout)["benchmarks"]:
        if run["run_type"] == "iteration":
            _, recipe, gate, _, term = run["run_name"].removesuffix("/real_time").split("/")
            times.setdefault((recipe, gate, term), []).append(run["median_ms"])
    with open(OUT, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["recipe", "gate", "term", "ms", "ratio", "rounds", "device", "date"])
        for (recipe, gate, term), ms in sorted(times.items(), key=order):
            out.writerow([recipe, gate, term, f"{min(ms):.4f}",
                          f"{min(ms) / min(times[recipe, gate, NONE]):.4f}", options.rounds,
                          f"cpu ({processor()}, {options.threads} threads)",
                          datetime.date.today().isoformat()])


if __name__ == "__main__":
    main()
