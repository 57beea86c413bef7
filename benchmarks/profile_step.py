"""The kernels of one training step of recipes/cifar-100.toml on a GPU, by NVIDIA's ncu.

    python3 benchmarks/profile_step.py --program build/moestro --set data.name=cifar-10-subset \
        --set data.batch=250 --csv benchmarks/results/convolutions-profile.csv

A row a kernel: how often a step launches it, and its microseconds in a step. Launches are timed one
after the other, so that together they take longer than a replayed step. Steps are launched anew, since
ncu sees no kernels in a graph; a step is where the launches begin to repeat.
"""

import argparse
import collections
import csv
import datetime
import pathlib
import re
import subprocess
import sys
import tempfile
import typing

RECIPE = pathlib.Path(__file__).resolve().parents[1] / "recipes" / "cifar-100.toml"
TIME = "gpu__time_duration.sum"
COLUMNS = ["kernel", "launches", "us", "device", "date"]
NANOSECONDS = {"ns": 1, "us": 1e3, "usecond": 1e3, "nsecond": 1}


class Launch(typing.NamedTuple):
    name: str
    grid: str
    us: float


def launches_of(text):
    """What `ncu --csv` printed, in order."""
    rows = csv.DictReader(line for line in text.splitlines() if line.startswith('"'))
    return [Launch(row["Kernel Name"], row["Grid Size"],
                   float(row["Metric Value"].replace(",", "")) * NANOSECONDS[row["Metric Unit"]] / 1e3)
            for row in rows if row["Metric Name"] == TIME]


def one_step(launches):
    """The shortest stretch after which nearly all launches repeat; None where none does."""
    keys = [(launch.name, launch.grid) for launch in launches]
    for length in range(2, len(keys) // 2 + 1):
        same = sum(a == b for a, b in zip(keys[:length], keys[length:2 * length]))
        if keys[0] == keys[length] and same > .97 * length:
            return launches[:length]
    return None


def short(name):
    """Without return type, arguments and namespaces."""
    name = name.replace("<unnamed>::", "").replace("(anonymous namespace)::", "")
    operator = re.search(r"(\w*Functor\w*|\w+_kernel_cuda|\w+_kernel_impl)\b(?!.*\b\w*Functor)", name)
    base = re.match(r"(?:void )?([\w:]+(?:<[\w, ]*>)?)", name).group(1)
    base = re.sub(r"\b(?:at|native|moestro|cutlass\w*|c10)::", "", base)
    return (f"{base} {operator.group(1)}" if operator and "elementwise" in base else base)[:70]


def table(step, device):
    """Rows by kernel, those that take longest first."""
    kernels = collections.defaultdict(list)
    for launch in step:
        kernels[short(launch.name)].append(launch)
    rows = []
    for name, launches in kernels.items():
        rows.append([name, len(launches), sum(launch.us for launch in launches), device,
                     datetime.date.today().isoformat()])
    return sorted(rows, key=lambda row: -row[2])


def profiled(flags):
    with tempfile.TemporaryDirectory() as folder:
        command = [flags.ncu, "--clock-control", "none", "--metrics", TIME, "--csv",
                   "--launch-skip", str(flags.skip), "--launch-count", str(flags.count), flags.program,
                   "train", str(RECIPE), "--out", f"{folder}/run", "--quiet", "--device", "cuda",
                   "--set", "train.precision=bf16", "--set", "train.capture=false",
                   "--set", "train.epochs=40", *(word for each in flags.set for word in ("--set", each))]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except FileNotFoundError:
            sys.exit(f"error: there is no {flags.ncu}; it comes with CUDA's toolkit")
    launches = launches_of(done.stdout)
    if not launches:
        sys.exit(f"error: {flags.ncu} saw no kernel: {(done.stderr or done.stdout).strip()[-300:]}")
    return launches


def card():
    told = subprocess.run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], text=True,
                          capture_output=True)
    if told.returncode != 0 or not told.stdout.strip():
        sys.exit(f"error: nvidia-smi names no card: {told.stderr.strip()}")
    return told.stdout.splitlines()[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True, metavar="FILE")
    parser.add_argument("--csv", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--ncu", default="ncu", metavar="FILE")
    parser.add_argument("--skip", type=int, default=40000, help="launches before the first that counts")
    parser.add_argument("--count", type=int, default=1100, help="launches, two steps at least")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    flags = parser.parse_args()
    step = one_step(profiled(flags))
    if step is None:
        sys.exit(f"error: no step among {flags.count} launches; expected two of them: give more by --count")
    rows = table(step, card())
    if flags.csv:
        with flags.csv.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows([name, count, f"{us:.4g}", *rest] for name, count, us, *rest in rows)
    print(f"{len(step)} launches, {sum(row[2] for row in rows):.0f} us; of them under 7 us each: "
          f"{sum(launch.us < 7 for launch in step)}, {sum(launch.us for launch in step if launch.us < 7):.0f} us")
    for name, count, us, *_ in rows[:25]:
        print(f"{us:8.1f} us {count:4} x  {name}")


if __name__ == "__main__":
    main()
