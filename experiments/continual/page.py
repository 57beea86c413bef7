"""docs/continual.md: how streams are learned, and what the stored rows of the studies say."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stored import tables  # noqa: E402

# study: its heading.
STUDIES = {
    "text-search": "Texts, few samples: rate and start, chosen on held-out rows",
    "text-variants": "Texts, few samples: ways of merging, on held-out rows",
    "text": "Texts, few samples: merging, its controls, and what it is compared with",
    "text-full": "Texts, up to 5,000 samples a task",
    "images": "Images, few samples",
}


def study_text(program, studies, results, name):
    command = f"`moestro study {studies}/{name}.toml`"
    stored = results / f"{name}.csv"
    if not stored.exists():
        return f"Not run yet: `python3 {studies}/run.py --only {name} --device cuda --jobs 16`.\n"
    return f"{command}\n\n{tables(program, studies / f'{name}.toml', stored)}"


def text(program, studies, results):
    found = "\n".join(f"### {heading}\n\n{study_text(program, studies, results, name)}"
                      for name, heading in STUDIES.items())
    return (studies / "findings.md").read_text().replace("@studies\n", found)
