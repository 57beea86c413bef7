"""Starts our benchmark programs and the PyTorch programs they are compared with."""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "benchmarks" / "peers"
# What moestro::keep_freed_memory() sets, in the words of glibc's environment.
KEEPING = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": "2000000000"}


def say(what):
    """Where the run is, on a terminal."""
    if sys.stderr.isatty():
        print(what.ljust(70), end="\r", file=sys.stderr)


class Report:
    """What google-benchmark tells of one call: benchmark -> the runs of its repetitions."""

    def __init__(self, report):
        self.context, self.runs = report["context"], {}
        for run in report["benchmarks"]:
            if run.get("error_occurred"):
                sys.exit(f"error: {run['name']}: {run['error_message']}")
            if run["run_type"] == "iteration":
                # google-benchmark adds to the name how time was taken.
                name = run["run_name"].removesuffix("/real_time").removesuffix("/iterations:1")
                self.runs.setdefault(name, []).append(run)

    def one(self, name):
        return self.runs[name][0]

    def times(self, name):
        """The median of the steps of every repetition, in ms: what peers tell, too."""
        return [run["median_ms"] for run in self.runs[name]]


class Programs:
    def __init__(self, build, threads):
        venv = ROOT / ".venv" / "bin" / "python"
        self.python = str(venv) if venv.exists() else sys.executable
        self.folder = (ROOT / build).resolve() / "benchmarks"
        self.environment = dict(os.environ)
        for name in KEEPING:
            self.environment.pop(name, None)
        if threads:
            self.environment["OMP_NUM_THREADS"] = str(threads)

    def ours(self, name, pattern, seconds, repetitions=1):
        """`seconds` for each repetition of each benchmark whose name matches."""
        program = self.folder / f"moestro_bench_{name}"
        if not program.exists():
            sys.exit(f"error: {program} is missing; `make bench` builds it")
        command = [str(program), f"--benchmark_filter={pattern}", "--benchmark_format=json",
                   f"--benchmark_min_time={seconds}", f"--benchmark_repetitions={repetitions}"]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True,
                              text=True)
        if done.returncode != 0:
            sys.exit(f"error: {' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
        return Report(json.loads(done.stdout))

    def peer(self, name, *arguments, keeping=False):
        environment = self.environment | (KEEPING if keeping else {})
        return Peer([self.python, str(PEERS / f"{name}.py"), *arguments], environment)


class Peer:
    """A program that measures a work for each line it is given; it starts, and compiles, once."""

    def __init__(self, command, environment):
        self.command, self.environment, self.process = command, environment, None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process:
            self.process.stdin.close()
            self.process.wait()

    def measure(self, work):
        if not self.process:
            self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, text=True,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL)
        try:
            print(work, file=self.process.stdin, flush=True)
            return json.loads(self.process.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError):
            sys.exit(f"error: {' '.join(self.command)} {work} failed; run it by hand to see why")
