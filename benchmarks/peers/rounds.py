"""What the peers share: how they take orders, and how they measure.

A peer stays alive while benchmarks/run.py goes back and forth between it and our program: it is
started once, compiles once, and measures one work for each line it reads.
"""

import ctypes
import json
import pathlib
import sys
import time

import torch


def serve(works, measure):
    """For each work, from the command line or else one a line from the standard input: a line of
    JSON with what `measure` gives."""
    for work in works or map(str.strip, sys.stdin):
        answer = {"work": work, "torch": torch.__version__, "threads": torch.get_num_threads()}
        print(json.dumps(answer | measure(work)), flush=True)


def milliseconds(step, seconds, least=3):
    """Of every step in about so many seconds, `least` at least. Steps before it warm up."""
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < least:
        start = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - start))
    return times


def peak_bytes(step):
    """The most that a step adds to the memory this process holds, None where the system does not
    tell. Memory kept by the allocator is given back first."""

    def resident(key):
        for line in pathlib.Path("/proc/self/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return 1024 * int(line.split()[1])

    try:
        ctypes.CDLL(None).malloc_trim(0)
        pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        before = resident("VmRSS")
        step()
        return resident("VmHWM") - before
    except (OSError, AttributeError):
        return None
