"""Runs the text studies, keeps their rows, and writes docs/text-results.md from them.

    python3 experiments/text/run.py --jobs 2 --threads 1           all studies, what is missing of them
    python3 experiments/text/run.py --only trec-search,multi30k
    python3 experiments/text/run.py --page                         the page alone, nothing trained

A study NAME is NAME.toml in this folder; its runs lie in runs/text/NAME, its rows are copied to
experiments/results/text/NAME.csv. Arms of one study share their word pieces, so SET-pieces runs once
a vocabulary, as SET-pieces-1000 and so on. ag-news-peer is ag_news_peer.py, which needs a finished
classification-ag-news, PyTorch and the packages of scripts/requirements-bench.txt in the Python that
runs this.
"""

import argparse
import pathlib
import subprocess
import sys

import page

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stored import run_study  # noqa: E402

HERE = pathlib.Path("experiments/text")
RESULTS = pathlib.Path("experiments/results/text")
RUNS = pathlib.Path("runs/text")
PEER = "ag-news-peer"


def vocabularies(name):
    """(name of what is run, its --set arguments)"""
    if name not in page.PIECES:
        return [(name, [])]
    return [(f"{name}-{pieces}", ["--set", f"data.vocabulary={pieces}"])
            for pieces in page.PIECES[name]]


def run_vocabularies(name, options):
    flags = [word for flag in ("device", "threads") if getattr(options, flag)
             for word in (f"--{flag}", getattr(options, flag))]
    for run, extra in vocabularies(name):
        run_study(options.program, HERE / f"{name}.toml", RUNS / run, RESULTS / f"{run}.csv",
                  "--jobs", str(options.jobs), *extra, *flags)


def run_peer(options):
    script, ids = HERE / "ag_news_peer.py", RUNS / f"{PEER}.pt"
    run = RUNS / page.PEER_OF / "runs/dense-0"
    device = ["--device", options.device] if options.device not in (None, "auto") else []
    for arguments in (["encode", run, "--out", ids], ["check", run, ids],
                      ["train", ids, "--csv", RESULTS / f"{PEER}.csv", *device]):
        subprocess.run([sys.executable, script, *arguments], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/moestro")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--device")
    parser.add_argument("--threads")
    parser.add_argument("--only", default=",".join([*page.SEARCHES, *page.PIECES, *page.STUDIES, PEER]),
                        metavar="NAMES")
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    if not options.page:
        for name in options.only.split(","):
            if name == PEER:
                run_peer(options)
            else:
                run_vocabularies(name, options)
    pathlib.Path("docs/text-results.md").write_text(page.text(options.program, HERE, RESULTS))


if __name__ == "__main__":
    main()
