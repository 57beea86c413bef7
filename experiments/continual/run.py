"""Runs the studies of continual learning, keeps their rows, and writes docs/continual.md from them.

    python3 experiments/continual/run.py --jobs 2                      all studies, what is missing of them
    python3 experiments/continual/run.py --only text-search,text --device cuda --jobs 16
    python3 experiments/continual/run.py --page                        the page alone, nothing trained

A study NAME is NAME.toml in this folder; its runs lie in runs/continual/NAME, its rows are copied to
experiments/results/continual/NAME.csv. The encoder of texts is looked for where recipes/text-stream.toml says
(docs/text.md); that of images is trained first, by recipes/image-stream/encoder.toml.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys

import page

HERE = pathlib.Path("experiments/continual")
RESULTS = pathlib.Path("experiments/results/continual")
RUNS = pathlib.Path("runs/continual")
IMAGE_ENCODER = pathlib.Path("runs/image-encoder")  # as recipes/image-stream.toml says


def run(*command):
    return subprocess.run([str(word) for word in command]).returncode


def train_image_encoder(options):
    done = run(options.program, "train", "recipes/image-stream/encoder.toml", "--out", IMAGE_ENCODER, "--resume",
               "--device", options.device)
    if done != 0:
        sys.exit(done)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/moestro")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--only", default=",".join(page.STUDIES), metavar="NAMES")
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    for name in [] if options.page else options.only.split(","):
        if name not in page.STUDIES:
            sys.exit(f"unknown study {name}; expected some of {', '.join(page.STUDIES)}")
        if name.startswith("images"):
            train_image_encoder(options)
        done = run(options.program, "study", HERE / f"{name}.toml", "--out", RUNS / name, "--jobs", options.jobs,
                   "--device", options.device)
        if (RUNS / name / "results.csv").exists():
            RESULTS.mkdir(parents=True, exist_ok=True)
            shutil.copy(RUNS / name / "results.csv", RESULTS / f"{name}.csv")
        if done != 0:
            sys.exit(done)
    pathlib.Path("docs/continual.md").write_text(page.text(options.program, HERE, RESULTS))


if __name__ == "__main__":
    main()
