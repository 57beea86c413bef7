"""What is folded, and the arms of its studies, as they were declared before they ran.

A case is a mixture, its dense twin of one expert's shape, and how long each trains. Settings are chosen
by the error on held-out rows over seeds that are used for nothing else (search); the seeds of the
comparison train on all rows with what was chosen, and their test rows are read once.
"""

import dataclasses
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stored import is_complete, means  # noqa: E402

DENSE, DISTILLED, MIXTURE = "dense", "dense, distilled", "mixture"
FIRST_SEARCH_SEED, SEARCH_SEEDS, SEEDS = 1000, 3, 10

# How experts are gathered: assignments beside student.teacher.
GATHERINGS = {
    "topk": ["student.gather=topk"],
    "topk, norms": ["student.gather=topk", "student.ranking=norms"],
    "svd": ["student.gather=svd"],
    "svd, aligned": ["student.gather=svd", "student.align=true"],
    "average": ["student.gather=average"],
    "average, aligned": ["student.gather=average", "student.align=true"],
    "sum": ["student.gather=sum"],
    "sum, aligned": ["student.gather=sum", "student.align=true"],
    "best expert": ["student.gather=best"],
    "random expert": ["student.gather=random_expert"],
}
FITS = ["scale", "linear"]
WEIGHTS, TEMPERATURES = [.25, .5, .75, 1], [1, 2, 4]  # of the distillation


@dataclasses.dataclass
class Case:
    name: str
    title: str
    recipe: str             # the mixture's
    dense: list             # assignments that make its twin of one expert's shape
    settings: list = dataclasses.field(default_factory=list)  # of all arms
    whole: bool = True      # whole networks: "random feed-forward" would be all of it
    seeds: int = SEEDS


CASES = [
    Case("fashion-mnist", "Fashion-MNIST, five whole networks, attentive gate",
         "recipes/demo/attentive-gate.toml",
         ["expert.count=1", "gate.kind=fixed", "gate.layers=", "loss.importance="],
         ["train.threads=1"]),
    Case("mnist", "MNIST, five whole networks, attentive gate", "recipes/mnist.toml",
         ["expert.count=1", "gate.kind=fixed", "gate.layers=", "gate.normalise=", "gate.kernels=",
          "loss.importance="], ["train.threads=1"]),
]


def distillation(weight, temperature):
    return [f"loss.task={1 - weight:g}", f"loss.distillation={weight:g}",
            f"loss.distillation_temperature={temperature:g}"]


def study(case, arms, primary, seeds, first_seed, validation, metric):
    lines = ["[study]", f'recipe = "../../../{case.recipe}"', f"seeds = {seeds}",
             f"first_seed = {first_seed}", f'metric = "{metric}"', f"primary = {json.dumps(primary)}",
             "", "[study.arms]"]
    shared = [*case.settings, f"data.validation={validation}"]
    lines += [f"{json.dumps(name)} = {json.dumps([*own, *shared])}" for name, own in arms.items()]
    return "\n".join(lines) + "\n"


def student(case, own, weight, temperature):
    return [*case.dense, f"student.teacher={{{MIXTURE}}}", *own, *distillation(weight, temperature)]


def gathering_study(case):
    """Ways of gathering and fits, each with the same distillation (weight .75, temperature 2)."""
    arms = {MIXTURE: [], DENSE: case.dense,
            DISTILLED: student(case, ["student.gather=none"], .75, 2)}
    for name, own in GATHERINGS.items():
        for fit in FITS:
            arms[f"{name}, {fit}"] = student(case, [*own, f"student.fit={fit}"], .75, 2)
    return study(case, arms, ["topk, linear", DISTILLED], SEARCH_SEEDS, FIRST_SEARCH_SEED, .1,
                 "valid.error")


def distillation_study(case, chosen):
    """How much of the teacher's answers, for the chosen gathering and for the control alike."""
    arms = {MIXTURE: []}
    for weight in WEIGHTS:
        for temperature in TEMPERATURES:
            arms[f"folded, {weight} at {temperature}"] = student(case, chosen, weight, temperature)
            arms[f"{DISTILLED}, {weight} at {temperature}"] = student(
                case, ["student.gather=none"], weight, temperature)
    return study(case, arms, ["folded, 0.75 at 2", f"{DISTILLED}, 0.75 at 2"], SEARCH_SEEDS,
                 FIRST_SEARCH_SEED, .1, "valid.error")


def case_study(case, chosen, folded_by, control_by):
    """The comparison: every gathering with its own better fit, and the chosen one before it learns."""
    arms = {MIXTURE: [], DENSE: case.dense,
            DISTILLED: student(case, ["student.gather=none"], *control_by)}
    for name, own in chosen.items():
        arms[name] = student(case, own, *folded_by)
        arms[f"{name}, folded only"] = [*arms[name], "train.epochs=0"]
    first = next(iter(chosen))
    return study(case, arms, [first, DISTILLED], case.seeds, 0, 0, "test.error")


def chosen_gatherings(path):
    """Name -> assignments with the better of its fits, the best way first."""
    found = means(path, "valid.error")
    ways = {}
    for name, own in GATHERINGS.items():
        fit = min(FITS, key=lambda fit: found[f"{name}, {fit}"])
        ways[name] = (found[f"{name}, {fit}"], [*own, f"student.fit={fit}"])
    return {name: own for name, (_, own) in sorted(ways.items(), key=lambda item: item[1][0])}


def chosen_distillation(path, prefix):
    """(weight, temperature) with the least error on held-out rows."""
    found = means(path, "valid.error")
    return min(((weight, temperature) for weight in WEIGHTS for temperature in TEMPERATURES),
               key=lambda by: found[f"{prefix}, {by[0]} at {by[1]}"])
