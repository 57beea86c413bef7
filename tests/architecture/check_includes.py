"""Checks the house: a floor includes only floors below it, and heavy or optional headers stay where
they belong. Reads the #include lines of src/ and include/ only.

Usage: check_includes.py ROOT        exit code 1 and one line a fault when there are any
"""
import re
import sys
from pathlib import Path

# Bottom up; floors on one line are siblings.
FLOORS = [
    ["core"],
    ["store"],
    ["data"],
    ["nn"],
    ["objective", "measure", "surgery"],
    ["train"],
    ["lifecycle"],
    ["study"],
    ["report"],
    ["cli"],
]
LEVEL = {floor: level for level, floors in enumerate(FLOORS) for floor in floors}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# Headers that may be included only by the files whose path matches.
RESTRICTED = [
    (re.compile(r"^torch/(torch|all|nn)\.h$"), None, "costs half a minute a file"),
    (re.compile(r"^CLI/"), re.compile(r"^(src|include/moestro)/cli/"), "belongs to cli"),
    (re.compile(r"^toml\+\+/"), re.compile(r"^src/core/schema"), "belongs to core/schema"),
]


def floor_of(path: Path) -> str | None:
    """The floor that a path relative to the root belongs to: src/FLOOR/... or include/moestro/..."""
    parts = path.parts
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    if parts[:2] == ("include", "moestro") and len(parts) > 3:
        return parts[2]
    return None


def included_path(root: Path, source: Path, name: str, quoted: bool) -> Path | None:
    """The project's file, relative to the root, that an include means; None for foreign ones."""
    if name.startswith("moestro/"):
        return Path("include") / name
    if quoted:
        near = (root / source.parent / name).resolve()
        if near.is_file() and near.is_relative_to(root):
            return near.relative_to(root)
    return None


def faults_of_file(root: Path, source: Path) -> list[str]:
    faults = []
    floor = floor_of(source)
    if floor is None:
        return [] if source.parent == Path("src") else [f"{source}: belongs to no floor"]
    if floor not in LEVEL:
        return [f'{source}: "{floor}" is no floor of the house']
    for number, line in enumerate((root / source).read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        name = match[2]
        where = f"{source}:{number}: includes {name}"
        for pattern, allowed, why in RESTRICTED:
            if pattern.match(name) and not (allowed and allowed.match(str(source))):
                faults.append(f"{where}, which {why}")
        target = included_path(root, source, name, match[1] == '"')
        if target is None:
            continue
        if not (root / target).is_file():
            faults.append(f"{where}, which does not exist")
        other = floor_of(target)
        if other in (None, floor):
            continue
        if other not in LEVEL:
            faults.append(f"{where}, of no floor of the house")
        elif LEVEL[other] > LEVEL[floor]:
            faults.append(f"{where}: {floor} stands below {other}")
        elif LEVEL[other] == LEVEL[floor]:
            faults.append(f"{where}: {floor} and {other} are siblings")
    return faults


def check(root: Path) -> list[str]:
    root = root.resolve()
    faults = []
    for folder in ("src", "include"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".h", ".cpp", ".cu", ".cuh"):
                faults += faults_of_file(root, path.relative_to(root))
    return faults


if __name__ == "__main__":
    found = check(Path(sys.argv[1]))
    print("\n".join(found) if found else "every include goes down the house")
    sys.exit(1 if found else 0)
