"""Checks that docs/configuration.md is what the program prints; `make docs` makes it again.

Usage: check_configuration_docs.py DOCUMENT PROGRAM        exit code 1 when the document is stale
"""
import subprocess
import sys
from pathlib import Path


def is_current(document: Path, program: str) -> bool:
    printed = subprocess.run([program, "config", "--markdown"], check=True, capture_output=True)
    return printed.stdout == document.read_bytes()


if __name__ == "__main__":
    current = is_current(Path(sys.argv[1]), sys.argv[2])
    print(f"{sys.argv[1]} is " + ("current" if current else "stale: run `make docs`"))
    sys.exit(0 if current else 1)
