"""Runs the benchmarks and what we compare with, turn by turn, and prints the tables.

    python benchmarks/run.py                                    (or `make bench`)
    python benchmarks/run.py --markdown > docs/performance.md   (and docs/performance-growth.svg)
    python benchmarks/run.py --only sparse --rounds 1

Takes about nine minutes on two idle cores; the first time some minutes more, for torch.compile.
"""

import argparse
import datetime
import os
import pathlib
import sys

import part_data
import part_growth
import part_products
import part_similarity
import part_sparse
import part_train
import part_training
import part_transformer
from programs import ROOT, Programs, say
from tables import heading, text

PARTS = {"train": part_train, "training": part_training, "products": part_products,
         "similarity": part_similarity, "sparse": part_sparse, "growth": part_growth,
         "transformer": part_transformer, "data": part_data}

IDLE_LOAD = .5  # load average before the run, above which the page says that it was not alone


def first_line(path, key):
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.partition(":")[2].strip()
    return "unknown"


def machine(programs, flags):
    ours = programs.ours("train_step", "^product", .01).context
    with programs.peer("train_step", "--seconds=0") as peer:
        theirs = peer.measure("mnist/softmax/5")
    rows = int(first_line("/proc/meminfo", "MemTotal").split()[0]) / 2**20
    shared = (["Other work ran beside it: times are upper bounds."] if flags.load[0] > IDLE_LOAD
              else [])
    return [
        f"Machine: {first_line('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores, "
        f"{rows:.0f} GiB; load average before the run {flags.load[0]:.1f}, "
        f"after it {os.getloadavg()[0]:.1f}.",
        f"Threads: {ours['threads']} (ours), {theirs['threads']} (PyTorch). Versions: Moestro "
        f"{ours['moestro']} on LibTorch {ours['libtorch']}, PyTorch {theirs['torch']}"
        f"{transformers_version()}.",
        f"Date: {datetime.date.today()}. Command: `{flags.command}`, {flags.rounds} rounds.",
        *shared,
    ]


def transformers_version():
    for line in (ROOT / "scripts" / "requirements-bench.txt").read_text().splitlines():
        if line.startswith("transformers=="):
            return ", transformers " + line.removeprefix("transformers==")
    return ""


def opening(lines, markdown):
    if markdown:
        heading("Performance", 1)
        text("Made by `python benchmarks/run.py --markdown > docs/performance.md`; not edited by "
             "hand. Ours and", "theirs run turn by turn in one run, so that what else the machine "
             "does meets both. What stands under the first heading", "is `benchmarks/findings.md`, "
             "written by hand.")
        print("\n" + (ROOT / "benchmarks" / "findings.md").read_text().rstrip())
        heading("The machine and the run")
    text(*[f"- {line}" for line in lines])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS), metavar="PARTS",
                        help=f"of {','.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="one short round, for a first look")
    parser.add_argument("--markdown", action="store_true", help="as docs/performance.md")
    parser.add_argument("--plot", help="where the growth plot goes; with --markdown "
                        "docs/performance-growth.svg if left out")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each program")
    parser.add_argument("--seconds", type=float, default=.4, help="for one work in one turn")
    parser.add_argument("--threads", type=int,
                        help="for ours and theirs; LibTorch's choice if left out")
    parser.add_argument("--build", default="build", help="the build folder")
    flags = parser.parse_args()
    flags.only = flags.only.split(",")
    if unknown := [name for name in flags.only if name not in PARTS]:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if flags.quick:
        flags.rounds, flags.seconds = 1, .1
    if flags.markdown and not flags.plot:
        flags.plot = ROOT / "docs" / "performance-growth.svg"
    flags.load = os.getloadavg()
    flags.command = " ".join(["python benchmarks/run.py", *sys.argv[1:]])
    return flags


def main():
    flags = arguments()
    if flags.load[0] > .5 * os.cpu_count():
        print(f"warning: the machine is busy (load average {flags.load[0]:.1f}); with several "
              "threads a step then waits for cores, and the times say little", file=sys.stderr)
    programs = Programs(flags.build, flags.threads)
    results = {name: part.measure(programs, flags)
               for name, part in PARTS.items() if name in flags.only}
    lines = machine(programs, flags)
    say("")
    opening(lines, flags.markdown)
    for name, result in results.items():
        if name == "growth":
            part_growth.show(result, flags.plot)
        else:
            PARTS[name].show(result)


if __name__ == "__main__":
    main()
