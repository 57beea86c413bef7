"""What is folded, and the arms of its studies, as they were declared before they ran.

A case is a mixture, its dense twin of one expert's shape, and how long each trains. Settings are chosen
on held-out rows over seeds that are used for nothing else (search); the seeds of the comparison train on
all rows with what was chosen, and their test rows are read once. trials.py says how cases were found.
"""

import dataclasses
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stored import is_complete, means  # noqa: E402

DENSE, DISTILLED, MIXTURE = "dense", "dense, distilled", "mixture"
LONGER = "dense, twice as long"  # a student begins where the mixture's training ended
FIRST_SEARCH_SEED = 1000

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
# What only layers of a Transformer have.
LAYER_GATHERINGS = {"topk, activation": ["student.gather=topk", "student.ranking=activation"]}
RANDOM_LAYERS = {"random feed-forward": ["student.gather=random_init"]}  # nothing there to fit
CONCAT = "two experts side by side"

FITS = ["scale", "linear"]
WEIGHTS, TEMPERATURES = [.25, .5, .75, 1], [1, 2, 4]  # of the distillation
TRANSFORMER_TWIN = ["expert.count=1", "gate.kind=fixed", "gate.k=", "loss.switch_balance="]
NETWORK_TWIN = ["expert.count=1", "gate.kind=fixed", "gate.layers=", "loss.importance="]


@dataclasses.dataclass(frozen=True)
class Score:
    """What a case is judged by, on test rows and on the held-out rows of a search (less is better there)."""
    title: str
    test: str
    search: str
    sign: int  # 1: more is better
    least_errors: int = 10  # standard errors of a denominator from which a lower end of benefit kept counts
    digits: int = 4         # of the score on test rows


ERROR = Score("test error", "test.error", "valid.error", -1)
BLEU = Score("BLEU", "bleu", "valid.loss", 1, least_errors=30, digits=2)


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    title: str
    recipe: str             # the mixture's
    dense: list             # assignments that make its twin of one expert's shape
    settings: list = dataclasses.field(default_factory=list)  # of all arms
    mixture: list = dataclasses.field(default_factory=list)   # of the mixture, on top of the recipe
    concat: list = dataclasses.field(default_factory=list)    # makes room for k experts side by side
    searched_at: list = dataclasses.field(default_factory=list)  # of a search alone, on top of all
    longer: list = dataclasses.field(default_factory=list)    # twice the epochs
    layers: bool = False    # mixture layers of a Transformer, not whole networks
    score: Score = ERROR
    seeds: int = 10
    first_seed: int = 0
    search_seeds: int = 3
    distillation_seeds: int = 3

    @property
    def gatherings(self):
        return GATHERINGS | (LAYER_GATHERINGS if self.layers else {})

    def unfitted(self):
        """Ways without a closed-form fit, and those of another width."""
        if not self.layers:
            return {}
        return RANDOM_LAYERS | {CONCAT: ["student.gather=concat", "student.fit=linear", *self.concat]}


CASES = [
    Case("fashion-mnist", "Fashion-MNIST, five whole networks, attentive gate",
         "recipes/demo/attentive-gate.toml", NETWORK_TWIN, ["train.threads=1"],
         longer=["train.epochs=16"]),
    Case("mnist", "MNIST, five whole networks, attentive gate", "recipes/mnist.toml",
         [*NETWORK_TWIN, "gate.normalise=", "gate.kernels="], ["train.threads=1"],
         longer=["train.epochs=40"]),
    Case("fashion-mnist-vit", "Fashion-MNIST, Vision Transformer, two blocks of eight experts, two a patch",
         "recipes/densify/fashion-mnist-vit.toml", TRANSFORMER_TWIN, ["train.threads=1"],
         concat=["model.hidden=256"], longer=["train.epochs=20"], layers=True),
    Case("cifar-100-vit", "CIFAR-100, Vision Transformer, four blocks of eight experts, two a patch",
         "recipes/cifar-100-vit.toml", TRANSFORMER_TWIN, ["train.threads=1", "model.hidden=32"],
         concat=["model.hidden=64"], longer=["train.epochs=40"], searched_at=["model.hidden=96"], layers=True, seeds=5,
         first_seed=10,  # 0 to 4 were looked at while the width was chosen
         search_seeds=1, distillation_seeds=1),
    Case("multi30k", "Multi30k, English to German, six blocks of eight experts, two a token",
         "recipes/multi30k-en-de.toml", [],
         ["train.threads=1", "model.width=128", "model.hidden=128", "train.epochs=12", "train.average=3"],
         # The recipe averages ten of 30 epochs: of twelve that may hold back what begins untrained. Found when
         # dense networks gained 6.1 BLEU by twice the length, after the first search, before any student
         # was compared.
         searched_at=["train.average=10"],
         mixture=["expert.count=8", "gate.kind=noisy_topk", "gate.k=2", "loss.switch_balance=.01"],
         concat=["model.hidden=256"], longer=["train.epochs=24"], layers=True, score=BLEU, seeds=5, search_seeds=1,
         distillation_seeds=1),
]


def distillation(weight, temperature):
    return [f"loss.task={1 - weight:g}", f"loss.distillation={weight:g}",
            f"loss.distillation_temperature={temperature:g}"]


def study(case, arms, primary, seeds, first_seed, validation, metric, sign=-1, more=()):
    """The TOML of a study; a set with held-out rows of its own leaves them alone where validation is 0."""
    lines = ["[study]", f'recipe = "../../../{case.recipe}"', f"seeds = {seeds}",
             f"first_seed = {first_seed}", f'metric = "{metric}"',
             *(["lower_is_better = false"] if sign > 0 else []), f"primary = {json.dumps(primary)}",
             "", "[study.arms]"]
    shared = [*case.settings, f"data.validation={validation}", *more]
    lines += [f"{json.dumps(name)} = {json.dumps([*shared, *own])}" for name, own in arms.items()]
    return "\n".join(lines) + "\n"


def student(case, own, weight, temperature):
    return [*case.dense, f"student.teacher={{{MIXTURE}}}", *own, *distillation(weight, temperature)]


def gathering_study(case):
    """Ways of gathering and fits, each with the same distillation (weight .75, temperature 2)."""
    arms = {MIXTURE: case.mixture, DENSE: case.dense,
            DISTILLED: student(case, ["student.gather=none"], .75, 2)}
    for name, own in case.gatherings.items():
        for fit in FITS:
            arms[f"{name}, {fit}"] = student(case, [*own, f"student.fit={fit}"], .75, 2)
    return study(case, arms, ["topk, linear", DISTILLED], case.search_seeds, FIRST_SEARCH_SEED, .1,
                 case.score.search, more=case.searched_at)


def distillation_study(case, chosen):
    """How much of the teacher's answers, for the chosen gathering and for the control alike."""
    arms = {MIXTURE: case.mixture}
    for weight in WEIGHTS:
        for temperature in TEMPERATURES:
            arms[f"folded, {weight} at {temperature}"] = student(case, chosen, weight, temperature)
            arms[f"{DISTILLED}, {weight} at {temperature}"] = student(
                case, ["student.gather=none"], weight, temperature)
    return study(case, arms, ["folded, 0.75 at 2", f"{DISTILLED}, 0.75 at 2"],
                 case.distillation_seeds, FIRST_SEARCH_SEED, .1, case.score.search,
                 more=case.searched_at)


def case_study(case, chosen, folded_by, control_by):
    """The comparison: every gathering with its own better fit, and each before it learns."""
    arms = {MIXTURE: case.mixture, DENSE: case.dense,
            DISTILLED: student(case, ["student.gather=none"], *control_by)}
    for name, own in (chosen | case.unfitted()).items():
        arms[name] = student(case, own, *folded_by)
        arms[f"{name}, folded only"] = [*arms[name], "train.epochs=0", "train.average="]
    first = next(iter(chosen))
    return study(case, arms, [first, DISTILLED], case.seeds, case.first_seed, 0, case.score.test, case.score.sign)


def longer_study(case):
    """As many passes over the rows as mixture and student had together; the same seeds and rows."""
    arms = {DENSE: case.dense, LONGER: [*case.dense, *case.longer]}
    return study(case, arms, [LONGER, DENSE], case.seeds, case.first_seed, 0, case.score.test, case.score.sign)


def chosen_gatherings(case, path):
    """Name -> assignments with the better of its fits, the best way first."""
    found = means(path, case.score.search)
    ways = {}
    for name, own in case.gatherings.items():
        fit = min(FITS, key=lambda fit: found[f"{name}, {fit}"])
        ways[name] = (found[f"{name}, {fit}"], [*own, f"student.fit={fit}"])
    return {name: own for name, (_, own) in sorted(ways.items(), key=lambda item: item[1][0])}


def chosen_distillation(case, path, prefix):
    """(weight, temperature) with the least loss or error on held-out rows."""
    found = means(path, case.score.search)
    return min(((weight, temperature) for weight in WEIGHTS for temperature in TEMPERATURES),
               key=lambda by: found[f"{prefix}, {by[0]} at {by[1]}"])
