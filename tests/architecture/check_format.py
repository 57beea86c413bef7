"""Checks that every C++ file is as clang-format leaves it; `make format` mends what it finds.

Usage: check_format.py ROOT CLANG_FORMAT        exit code 1 and the names of the files otherwise
"""
import subprocess
import sys
from pathlib import Path

FOLDERS = ("include", "src", "tests", "benchmarks", "examples")


def sources(root: Path) -> list[Path]:
    found = (path for folder in FOLDERS for path in (root / folder).rglob("*"))
    return sorted(path for path in found if path.suffix in (".h", ".cpp", ".cu", ".cuh"))


def unformatted(root: Path, clang_format: str) -> list[Path]:
    files = sources(root)
    # One run for all files: starting the program costs more than reading a file.
    run = subprocess.run(
        [clang_format, "--dry-run", "-Werror", "--style=file", *files],
        capture_output=True,
        text=True,
    )
    named = {line.split(":")[0] for line in run.stderr.splitlines()}
    faults = [path for path in files if str(path) in named]
    if run.returncode and not faults:
        raise RuntimeError(f"{clang_format} failed: {run.stderr}")
    return faults


if __name__ == "__main__":
    faults = unformatted(Path(sys.argv[1]), sys.argv[2])
    for fault in faults:
        print(f"{fault}: not formatted, run `make format`")
    if not faults:
        print("every file is formatted")
    sys.exit(1 if faults else 0)
