"""docs/continual.md: how streams are learned, and what the stored rows of the studies say."""

import csv
import pathlib
import statistics
import sys
import textwrap

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stored import tables  # noqa: E402

# study: its heading.
STUDIES = {
    "text-search": "Texts, few samples: rate and start, chosen on held-out rows",
    "text-variants": "Texts, few samples: ways of merging, on held-out rows",
    "text": "Texts, few samples: merging and its controls",
    "text-compared": "Texts, few samples: what streams without merging are compared with",
    "text-reference": "Texts, few samples: a reference for whoever chooses the task",
    "text-full": "Texts, up to 5,000 samples a task",
    "images-freeze": "Images, few samples: how many experts to freeze, on held-out rows",
    "images": "Images, few samples: merging and its controls",
}


def study_text(program, studies, results, name):
    command = f"`moestro study {studies}/{name}.toml`"
    stored = results / f"{name}.csv"
    if not stored.exists():
        return f"Not run yet: `python3 {studies}/run.py --only {name} --device cuda --jobs 16`.\n"
    return f"{command}\n\n{tables(program, studies / f'{name}.toml', stored)}"


def cost_text(studies, results):
    """Of a merge beside a step, and of the seven merges of a task of 300 steps (recipes/text-stream.toml)."""
    stored = [results / name for name in ("cost.csv", "cost-cuda.csv")]
    return "".join(cost_of(path) for path in stored if path.exists())


def cost_of(stored):
    steps = {}
    with open(stored) as file:
        for row in csv.DictReader(file):
            steps.setdefault(row["arm"], []).append(float(row["milliseconds_a_step"]))
            device = row["device"]
    plain, merging = steps["no merging"], steps["a merge a step"]
    merges = [with_one - without for with_one, without in zip(merging, plain, strict=True)]
    merge, step = statistics.median(merges), statistics.median(plain)
    said = (f"- A merge in all layers takes {merge:.1f} ms ({min(merges):.1f} to {max(merges):.1f} in {len(merges)} "
            f"pairs) beside {step:.0f} ms of a training step of 32 texts ({device}): seven in a task of 300 such steps "
            f"are {100 * 7 * merge / (300 * step):.2f} % of its time.")
    return textwrap.fill(said, 118, subsequent_indent="  ") + "\n"


def text(program, studies, results):
    found = "\n".join(f"### {heading}\n\n{study_text(program, studies, results, name)}"
                      for name, heading in STUDIES.items())
    return ((studies / "findings.md").read_text().replace("@studies\n", found)
            .replace("@cost\n", cost_text(studies, results)))
