"""Runs the specialisation studies, keeps their rows, and writes docs/specialisation.md from them.

    python3 experiments/specialisation/run.py --jobs 2                 all but CIFAR-100's, what is missing of them
    python3 experiments/specialisation/run.py --only mnist,expert-count
    python3 experiments/specialisation/run.py --only cifar-100 --device cuda --jobs 2
    python3 experiments/specialisation/run.py --page                   the page alone, nothing trained

A study NAME is NAME.toml in this folder; its runs lie in runs/specialisation/NAME, its rows are copied to
experiments/results/specialisation/NAME.csv. The joined set of failure-joined is made in data/joined.
"""

import argparse
import os
import pathlib
import subprocess
import sys

import gate_steps
import page

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stored import run_study  # noqa: E402

HERE = pathlib.Path("experiments/specialisation")
RESULTS = pathlib.Path("experiments/results/specialisation")


def folder_of(data_set):
    """Where the program finds it, too."""
    for root in (os.environ.get("MOESTRO_DATA"), "data", "/usr/share/datasets"):
        if root and (pathlib.Path(root) / data_set).is_dir():
            return pathlib.Path(root) / data_set
    sys.exit(f"{data_set} is in neither $MOESTRO_DATA, ./data nor /usr/share/datasets")


def make_joined_set():
    joined = pathlib.Path("data/joined")
    if not joined.exists():
        subprocess.run([sys.executable, HERE / "join.py", folder_of("fashion-mnist"),
                        folder_of("mnist"), joined], check=True)


def on_a_cpu():
    return [name for name in page.STUDIES if not name.startswith("cifar")]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/moestro")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default=",".join(on_a_cpu()), metavar="NAMES",
                        help="all but CIFAR-100's, which need a GPU, if left out")
    parser.add_argument("--device", help="as the recipes say if left out; CIFAR-100's are for cuda")
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    device = ["--device", options.device] if options.device else []
    if not options.page:
        for name in options.only.split(","):
            if name == "failure-joined":
                make_joined_set()
            run_study(options.program, HERE / f"{name}.toml", pathlib.Path("runs/specialisation") / name,
                      RESULTS / f"{name}.csv", "--jobs", str(options.jobs), *device)
            if name == "cifar-100-gate":
                gate_steps.store(HERE / f"{name}.toml", pathlib.Path("runs/specialisation") / name / "runs",
                                 RESULTS / f"{name}-steps.csv")
    pathlib.Path("docs/specialisation.md").write_text(page.text(options.program, HERE, RESULTS))


if __name__ == "__main__":
    main()
