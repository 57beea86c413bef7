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
import subprocess
import sys

import page

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stored import run_study  # noqa: E402

HERE = pathlib.Path("experiments/continual")
RESULTS = pathlib.Path("experiments/results/continual")
RUNS = pathlib.Path("runs/continual")
IMAGE_ENCODER = pathlib.Path("runs/image-encoder")  # as recipes/image-stream.toml says


def train_image_encoder(options):
    done = subprocess.run([options.program, "train", "recipes/image-stream/encoder.toml", "--out", IMAGE_ENCODER,
                           "--resume", "--device", options.device])
    if done.returncode != 0:
        sys.exit(done.returncode)


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
        run_study(options.program, HERE / f"{name}.toml", RUNS / name, RESULTS / f"{name}.csv",
                  "--jobs", str(options.jobs), "--device", options.device)
    pathlib.Path("docs/continual.md").write_text(page.text(options.program, HERE, RESULTS))


if __name__ == "__main__":
    main()
