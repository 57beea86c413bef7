"""Counts the instructions of every vector kernel's AVX2 path with callgrind, and compares them with
the counts stored beside this file: times are noisy, these are not. Counts hold for the compiler
they were made with; for another one, the check is skipped (exit code 77).

Usage: counting.py PROGRAM COMPILER [--store]     exit code 1 when a kernel takes over 3 % more
"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

STORED = Path(__file__).with_name("counts.json")
TOLERANCE = .03
SKIPPED = 77


def instructions(program: str, kernel: str) -> int:
    """Of the function before the first slash; what follows names a type or a case."""
    function = kernel.partition("/")[0]
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out",
             # Templates are named with their result in front and their types behind.
             f"--toggle-collect=moestro::{function}(*",
             f"--toggle-collect=void moestro::{function}<*",
             program, kernel],
            capture_output=True, text=True)
    collected = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode or not collected:
        raise SystemExit(f"error: callgrind on {kernel}: {result.stderr.strip()[-400:]}")
    return int(collected[1])


def compare(counts: dict[str, int], stored: dict[str, int]) -> list[str]:
    """What is wrong, a line each."""
    faults = [f"{name}: no count is stored" for name in counts.keys() - stored.keys()]
    faults += [f"{name}: a count is stored, but there is no such kernel"
               for name in stored.keys() - counts.keys()]
    for name in sorted(counts.keys() & stored.keys()):
        if counts[name] == 0:
            faults.append(f"{name}: counted nothing")
        elif counts[name] > (1 + TOLERANCE) * stored[name]:
            faults.append(f"{name}: {counts[name]} instructions, {stored[name]} before; "
                          "if it is faster all the same, store the new count with --store")
    return faults


def main(program: str, compiler: str, store: bool) -> int:
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    if not store and stored.get("compiler") != compiler:
        print(f'counts are of {stored.get("compiler")}, the compiler is {compiler}: nothing to compare')
        return SKIPPED
    listed = subprocess.run([program], capture_output=True, text=True)
    if listed.returncode == SKIPPED:
        print("this machine has no AVX2: nothing to count")
        return SKIPPED
    counts = {kernel: instructions(program, kernel) for kernel in listed.stdout.split()}
    if store:
        STORED.write_text(json.dumps({"compiler": compiler, "instructions": counts}, indent=2) + "\n")
        return 0
    for name, count in counts.items():
        print(f"{name:34} {count:12,}  stored {stored['instructions'].get(name, 0):12,}")
    faults = compare(counts, stored["instructions"])
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], "--store" in sys.argv[3:]))
