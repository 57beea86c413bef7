"""Runs the benchmarks and what we compare with, turn by turn, and prints the tables.

    python benchmarks/run.py                                    (or `make bench`)
    python benchmarks/run.py --markdown > docs/performance.md

Takes about three minutes on two idle cores.
"""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys

import tables

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "benchmarks" / "peers"
STEPS = ["mnist/softmax/5", "mnist/softmax/20", "fashion-mnist/softmax/5",
         "fashion-mnist/softmax/20", "mnist/attentive/5", "mnist/attentive/20"]
BREAKDOWNS = ["mnist/softmax/5", "mnist/softmax/20", "fashion-mnist/softmax/5"]
# What moestro::keep_freed_memory() sets, in the words of glibc's environment.
KEEPING = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": "2000000000"}


class Runner:
    def __init__(self, flags):
        venv = ROOT / ".venv" / "bin" / "python"
        self.python = str(venv) if venv.exists() else "python3"
        self.programs = (ROOT / flags.build).resolve() / "benchmarks"
        self.environment = dict(os.environ)
        for name in KEEPING:
            self.environment.pop(name, None)
        if flags.threads:
            self.environment["OMP_NUM_THREADS"] = str(flags.threads)

    def call(self, command, more={}):
        done = subprocess.run(command, cwd=ROOT, env=self.environment | more,
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"error: {' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
        return json.loads(done.stdout)

    def ours(self, name, pattern, seconds, repetitions=1):
        """google-benchmark's report; `seconds` for each repetition of each benchmark."""
        program = self.programs / f"moestro_bench_{name}"
        if not program.exists():
            sys.exit(f"error: {program} is missing; `make bench` builds it")
        return self.call([str(program), f"--benchmark_filter={pattern}", "--benchmark_format=json",
                          f"--benchmark_min_time={seconds}",
                          f"--benchmark_repetitions={repetitions}"])

    def peer(self, name, *arguments, keeping=False):
        return self.call([self.python, str(PEERS / f"{name}.py"), *arguments],
                         KEEPING if keeping else {})


def say(what):
    """Where the run is, on a terminal."""
    if sys.stderr.isatty():
        print(what.ljust(60), end="\r", file=sys.stderr)


def runs_of(report):
    """Benchmark name -> its repetitions; google-benchmark adds how time was taken to the name."""
    runs = {}
    for run in report["benchmarks"]:
        if run.get("error_occurred"):
            sys.exit(f"error: {run['name']}: {run['error_message']}")
        if run["run_type"] == "iteration":
            runs.setdefault(run["run_name"].removesuffix("/real_time"), []).append(run)
    return runs


def measure_steps(runner, flags):
    """Contestant -> work -> the median of every round; and the reports of one call of each."""
    seconds = flags.seconds

    def ours():
        report = runner.ours("train_step", "^step/(" + "|".join(STEPS) + ")/", seconds / 3, 3)
        times = runs_of(report)
        return report, {work: [run["real_time"] for run in times[f"step/{work}"]] for work in STEPS}

    def peer(*words, keeping=False):
        report = runner.peer("train_step", *STEPS, *words, f"--seconds={seconds}", keeping=keeping)
        return report, report["ms"]

    contestants = {
        "ours": ours,
        "loop": peer,
        "stacked": lambda: peer("--stacked"),
        "loop, keeping": lambda: peer(keeping=True),
        "stacked, keeping": lambda: peer("--stacked", keeping=True),
    }
    medians = {name: {work: [] for work in STEPS} for name in contestants}
    reports = {}
    for turn in range(flags.rounds):
        for name, run in contestants.items():
            say(f"round {turn + 1} of {flags.rounds}: {name}")
            reports[name], times = run()
            for work in STEPS:
                medians[name][work].append(statistics.median(times[work]))
    return medians, reports


def measure_rest(runner):
    say("the machine, the parts of a step, data, files")
    names = "|".join(BREAKDOWNS)
    parts = runs_of(runner.ours("train_step", f"^(copy|breakdown)/({names})/|^product", 1))
    data = runs_of(runner.ours("data_pipeline", ".", 1))
    files = runs_of(runner.ours("safetensors", ".", .5))
    loader = runner.peer("data_pipeline")
    return ({name: run[0] for name, run in parts.items()},
            {name: run[0] for name, run in (data | files).items()}, loader)


def first_line(path, key):
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.partition(":")[2].strip()
    return "unknown"


def machine(reports, flags):
    ours, peer = reports["ours"]["context"], reports["loop"]
    rows = int(first_line("/proc/meminfo", "MemTotal").split()[0]) / 2**20
    return [
        f"Machine: {first_line('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores, "
        f"{rows:.0f} GiB; load average before the run {flags.load[0]:.1f}, "
        f"after it {os.getloadavg()[0]:.1f}.",
        f"Threads: {ours['threads']} (ours), {peer['threads']} (PyTorch). Versions: Moestro "
        f"{ours['moestro']} on LibTorch {ours['libtorch']}, PyTorch {peer['torch']}.",
        f"Date: {datetime.date.today()}. Command: `{flags.command}`, {flags.rounds} rounds.",
    ]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", action="store_true", help="as docs/performance.md")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each program")
    parser.add_argument("--seconds", type=float, default=.4, help="for one work in one turn")
    parser.add_argument("--threads", type=int, help="for ours and theirs; LibTorch's choice if left out")
    parser.add_argument("--build", default="build", help="the build folder")
    flags = parser.parse_args()
    flags.load = os.getloadavg()
    if flags.load[0] > .5 * os.cpu_count():
        print(f"warning: the machine is busy (load average {flags.load[0]:.1f}); with several "
              "threads a step then waits for cores, and the times say little", file=sys.stderr)
    flags.command = " ".join(["python benchmarks/run.py", *sys.argv[1:]])
    return flags


def main():
    flags = arguments()
    runner = Runner(flags)
    medians, reports = measure_steps(runner, flags)
    parts, rates, loader = measure_rest(runner)
    say("")
    page = tables.Page(flags.markdown)
    page.opening(machine(reports, flags))
    page.steps(STEPS, medians)
    page.parts({work: parts[f"breakdown/{work}"] for work in BREAKDOWNS},
               {work: parts[f"copy/{work}"]["bytes_per_second"] for work in BREAKDOWNS},
               parts["product"]["operations/s"])
    page.data_and_files(rates, loader["batches/s"])


if __name__ == "__main__":
    main()
