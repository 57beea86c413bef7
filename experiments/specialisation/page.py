"""docs/specialisation.md: what the stored rows of the specialisation studies say."""

import csv
import math
import pathlib
import statistics
import sys

import gate_steps

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stored import tables  # noqa: E402

# study: its heading.
STUDIES = {
    "mnist-published": "MNIST at the published settings",
    "fashion-mnist-published": "Fashion-MNIST at the published settings",
    "mnist-search": "MNIST, settings chosen on validation rows",
    "fashion-mnist-search": "Fashion-MNIST, settings chosen on validation rows",
    "mnist-distillation": "MNIST, what to distil by, chosen on validation rows",
    "fashion-mnist-distillation": "Fashion-MNIST, what to distil by, on validation rows",
    "mnist": "MNIST at ours",
    "fashion-mnist": "Fashion-MNIST at ours",
    "fashion-mnist-distilled": "Fashion-MNIST at ours, distilled the way that was chosen",
    "failure-mnist": "The failure study, MNIST",
    "failure-joined": "The failure study, Fashion-MNIST and MNIST joined",
    "distance": "What the distance of the similarity term is worth, MNIST",
    "attentive-search": "What the keys of the attentive gate are worth, MNIST, on validation rows",
    "attentive": "What the keys of the attentive gate are worth, MNIST",
    "expert-count": "How many experts stay in use",
    "cifar-100-gate": "CIFAR-100, why the attentive gate collapses, on validation rows",
    "cifar-100-search": "CIFAR-100, settings chosen on validation rows",
    "cifar-100-settings": "CIFAR-100, settings put together, on validation rows",
    "cifar-100-distillation": "CIFAR-100, what to distil by, on validation rows",
    "cifar-100": "CIFAR-100 at ours",
}

CONTROL = "L_s, constant distance"

# Mean test errors over seeds at fixed settings, derived from the authors' public logs.
PUBLISHED = {
    "mnist-published": {
        "one expert": (.134,), "original": (.044,), "original + importance": (.035, .045),
        "original + L_s": (.037, .039), "attentive": (.043,),
        "attentive + importance": (.035, .037), "attentive + L_s": (.035, .038),
        "distilled, importance": (.035, .038), "distilled, L_s": (.034, .042)},
    "fashion-mnist-published": {
        "one expert": (.149,), "original": (.110,), "original + importance": (.102, .109),
        "original + L_s": (.105, .109), "attentive": (.114,),
        "attentive + importance": (.104, .108), "attentive + L_s": (.105, .112),
        "distilled, importance": (.100, .106), "distilled, L_s": (.102, .109)},
    "failure-mnist": {
        "joint": (.09,), "new experts by RMSprop, joint gate": (.12,), "gate on pairs 1": (.08,),
        "new experts, pairs' gate 1": (.08,), "gate on pairs 2": (.08,),
        "new experts, pairs' gate 2": (.08,), "gate on pairs 3": (.08,),
        "new experts, pairs' gate 3": (.08,)},
    "failure-joined": {
        "joint": (.10,), "new experts, joint gate": (.14,), "gate on pairs 1": (.10,),
        "new experts, pairs' gate 1": (.10,), "gate on pairs 2": (.10,),
        "new experts, pairs' gate 2": (.10,), "gate on pairs 3": (.10,),
        "new experts, pairs' gate 3": (.10,)},
}


def errors_by_arm(path):
    arms = {}
    with open(path) as file:
        for row in csv.DictReader(file):
            arms.setdefault(row["arm"], []).append(float(row["test.error"]))
    return arms


def verdict(mean, error, published):
    """The rule: within max(2.8 standard errors, .005) of the published mean or the nearer end."""
    away = min(abs(mean - end) for end in published)
    allowed = .005 if math.isnan(error) else max(2.8 * error, .005)  # one seed has no error
    if published[0] <= mean <= published[-1] or away <= allowed:
        return "reproduced"
    return f"{away:.3f} {'lower' if mean < published[0] else 'higher'}"


def comparison(name, path):
    arms = errors_by_arm(path)
    lines = ["| arm | ours | published mean | |", "|---|---:|---:|---|"]
    for arm, published in PUBLISHED[name].items():
        if arm not in arms:
            continue
        values = arms[arm]
        mean = statistics.fmean(values)
        error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
        lines.append(f"| {arm} | {mean:.4f} ± {error:.4f} | "
                     f"{'-'.join(f'{value:.3f}' for value in published)} | "
                     f"{verdict(mean, error, published)} |")
    return "\n".join(lines) + "\n"


def contrasts(program, study, results):
    """What the distances of the similarity term do, beside a constant one."""
    lines = tables(program, study, results, "--set", "study.baseline=" + CONTROL).splitlines()
    wanted = [line for line in lines if line.startswith(tuple(
        f"| {arm} - {CONTROL} |" for arm in ("attentive + L_s", "L_s, shuffled distances",
                                             "attentive + importance")))]
    head = next(i for i, line in enumerate(lines) if "p (Holm)" in line)
    return "\n".join(lines[head:head + 2] + wanted) + "\n"


def text(program, studies, results):
    parts = [(studies / "findings.md").read_text().rstrip() + "\n"]
    for name, heading in STUDIES.items():
        stored = results / f"{name}.csv"
        parts.append(f"## {heading}\n")
        if not stored.exists():
            parts.append(f"Not run yet: `moestro study {studies}/{name}.toml --jobs 2`.\n")
            continue
        parts.append(f"`moestro study {studies}/{name}.toml`\n")
        if name in PUBLISHED:
            parts.append("Beside the published means over seeds (derived from the authors' logs; "
                         "*reproduced*: within max(2.8\nstandard errors, .005)):\n")
            parts.append(comparison(name, stored))
        parts.append(tables(program, studies / f"{name}.toml", stored))
        if (steps := results / f"{name}-steps.csv").exists():
            parts.append("Each seed of an arm, from the runs' records (of a run that failed, until it did):\n")
            parts.append(gate_steps.table(steps))
        if name in ("mnist", "fashion-mnist"):
            parts.append("Beside the control whose distances say nothing:\n")
            parts.append(contrasts(program, studies / f"{name}.toml", stored))
    return "\n".join(parts)
