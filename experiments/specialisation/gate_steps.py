"""What the gate's scores do along training: rows of the runs of a study, from their metrics.jsonl."""

import csv
import json
import re
import tomllib

COLUMNS = ["arm", "seed", "step", "loss", "gate_logit", "gate_entropy", "gradient_norm"]


def folder_of(arm, seed):
    """As `moestro study` names it."""
    return f"{re.sub('[^A-Za-z0-9.]+', '-', arm).strip('-')}-{seed}"


def store(study, runs, path):
    """Every recorded step of every run of a study (its TOML file) whose folder is there."""
    if not runs.exists():
        return
    plan = tomllib.loads(study.read_text())["study"]
    with open(path, "w", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        rows.writeheader()
        for arm in plan["arms"]:
            for seed in range(plan["first_seed"], plan["first_seed"] + plan["seeds"]):
                for record in records(runs / folder_of(arm, seed) / "metrics.jsonl"):
                    rows.writerow({"arm": arm, "seed": seed} | {
                        key: f"{record[key]:.6g}" for key in COLUMNS[2:]})


def records(path):
    if not path.exists():
        return []
    lines = (json.loads(line) for line in path.read_text().splitlines())
    return [record for record in lines if record["kind"] == "step"]


def table(path, steps=(250, 450, 550, 650, 1000)):
    """The mean largest score at some steps, of each seed, as Markdown."""
    scores = {}
    with open(path) as file:
        for row in csv.DictReader(file):
            scores.setdefault(row["arm"], {}).setdefault(int(row["step"]), []).append(float(row["gate_logit"]))
    lines = ["| mean largest score of the gate | " + " | ".join(f"step {step}" for step in steps) + " |",
             "|---|" + "---:|" * len(steps)]
    for arm, found in scores.items():
        cells = [", ".join(f"{score:,.0f}" for score in found.get(step, [])) for step in steps]
        lines.append(f"| {arm} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
