"""A whole training run by our program, from the start of the process to the report."""

import json
import statistics
import subprocess
import sys
import tempfile
import time

from programs import ROOT, say
from tables import heading, spread, table, text

WORDS = ["train", "recipes/mnist.toml", "--threads", "2"]
NO_DATA = 2  # the exit code for what the caller can fix


def measure(programs, flags):
    """Summaries of the runs, with the seconds of the process; or why there is none."""
    program = programs.folder.parent / "moestro"
    if not program.exists():
        sys.exit(f"error: {program} is missing; `make program` builds it")
    runs = []
    for turn in range(flags.rounds):
        say(f"training, round {turn + 1} of {flags.rounds}")
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            done = subprocess.run([str(program), *WORDS, "--json", "--out", folder + "/run"],
                                  cwd=ROOT, env=programs.environment, capture_output=True,
                                  text=True)
            took = time.perf_counter() - start
        if done.returncode == NO_DATA:
            return [], done.stderr.strip()
        if done.returncode != 0:
            sys.exit(f"error: {program} {' '.join(WORDS)} ended with {done.returncode}:\n"
                     f"{done.stderr}")
        runs.append(json.loads(done.stdout) | {"process": took})
    return runs, ""


def show(result):
    runs, refusal = result
    heading("A whole training run")
    if refusal:
        text(f"Did not run: {refusal}")
        return
    text(f"`moestro {' '.join(WORDS)}`: {runs[0]['epochs']} epochs of 60,000 images, in seconds "
         "(median of the rounds, least -", "most). *Process* is all of it: reading the files, "
         "tests, report.")
    error = statistics.median(run["test"]["error"] for run in runs)
    table(["what", "seconds"], [["training", spread([run["seconds"] for run in runs])],
                                ["process", spread([run["process"] for run in runs])]])
    text(f"Test error {100 * error:.2f} %.")
