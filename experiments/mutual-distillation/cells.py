"""The study of mutual distillation, declared before it ran: its cells, arms, seeds, and how settings are chosen.

Three stages a cell, each a study of `moestro study`:

    epochs   how long the mixture without distillation is trained: the declared lengths, 3 seeds
    search   at that length, seven weights of the distillation; and the same effort for each rival
    cell     the chosen settings on fresh seeds, test rows read; primary: distilled - without

Settings are those with the lowest mean validation error over the three search seeds, which no last run
uses (the map and the ladder, which choose nothing for the cells, do). A weight of 0 is no candidate for
the arms that carry a rival's name: what is compared is the best of each, not whether to use it.
"""

import dataclasses
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stored import is_complete, means  # noqa: E402

SEARCH_SEEDS, FIRST_SEARCH_SEED = 3, 1000
ALPHAS = [.01, .03, .1, .3, 1, 3, 10]
DECAYS = [.01, .03, .1, .3, 1, 3, 10]       # of AdamW
DROPOUTS = [.05, .1, .2, .3, .4, .5, .6]    # behind the experts' hidden layer
# Eight small networks behind a gate that sends a row to one of them: each sees an eighth of the rows.
TABULAR = """
[data]
batch = 64
rows = 1000
validation = {validation}

[expert]
count = 8
layers = ["linear 32", "relu", "linear classes"]

[gate]
kind = "switch"
layers = ["linear 32", "relu", "linear experts"]

[mixture]
output = "logits"

[loss]
importance = 0.1  # keeps all in use

[train]
rate = 0.003
threads = 1
device = "cpu"
"""

# Four under a dense gate, on one image in a hundred.
VISION = TABULAR.replace("rows = 1000", "rows = 600").replace("count = 8", "count = 4").replace(
    "switch", "softmax")

TERM = "loss.mutual_distillation"
WITHOUT, DISTILLED = "without", "distilled"
COLUMNS = ["hard_top1_error", "probing.own_error", "probing.others_error", "probing.routing_accuracy",
           "probing.oracle_error", "probing.agreement", "specialisation.usage_entropy", "parameters",
           "seconds"]


def layers(key, names):
    return f"{key}={json.dumps(names)}"


@dataclasses.dataclass
class Cell:
    name: str
    title: str
    base: str                      # sections of a recipe
    settings: list                 # what all its arms share
    validation: float = .4         # while settings are chosen; the last runs hold nothing out
    seeds: int = 20
    epochs: tuple = (10, 20, 40, 80)
    start: tuple = ()              # first layers of experts and gates
    hidden: int = 32               # of an expert
    experts: int = 8
    top_one: bool = True           # otherwise the gate is dense
    values: bool = False           # regression
    plain: bool = False            # all rows: none are drawn

    def expert(self, width=None, dropout=None):
        noise = [f"dropout {dropout}"] if dropout else []
        return layers("expert.layers", [*self.start, f"linear {width or self.hidden}", "relu", *noise,
                                        "linear classes"])

    def shared(self):
        """Assignments of every arm."""
        out = list(self.settings)
        if self.start:
            out += [self.expert(), layers("gate.layers", [*self.start, "linear 32", "relu",
                                                          "linear experts"])]
        if self.values:
            out += ["loss.kind=least_squares", "mixture.output=values"]
        elif self.base is TABULAR and not self.plain:
            out += ["data.balanced=false"]
        return out


def table(name, title, **more):
    settings = [f"data.name={name}", *more.pop("settings", [])]
    return Cell(name, title, TABULAR, settings, **more)


def images(name, title, **more):
    return Cell(name, title, VISION, [f"data.name={name}"], seeds=10, experts=4, top_one=False,
                **more)


CELLS = [
    table("adult", "Adult", start=("embed 4",), validation=.1),
    table("bank", "Bank marketing", start=("embed 4",), validation=.1),
    table("magic", "MAGIC telescope", validation=.2),
    table("letter", "Letter recognition", validation=.2),
    table("satellite", "Satellite"),
    table("covertype", "Covertype"),
    table("california-housing", "California housing", start=("embed 4",), values=True, validation=.2),
    table("digits", "Digits (500 rows)", settings=["data.rows=500"]),
    images("mnist", "MNIST, 600 images", validation=.1),
    images("fashion-mnist", "Fashion-MNIST, 600 images", validation=.1),
]

ONE = ["expert.count=1", "gate.kind=fixed", "gate.layers=", "loss.importance="]
EVEN = ["gate.kind=fixed", "gate.layers=", "loss.importance="]
TOP_TWO = ["gate.kind=noisy_topk", "gate.k=2"]
PARTITION = ["start.run={" + WITHOUT + "}", "start.gate=freeze", "loss.importance="]


def rivals(cell):
    """Name -> (value -> assignments, values), each searched with seven values as the distillation is."""
    return {
        DISTILLED: (lambda alpha: [f"{TERM}={alpha}"], ALPHAS),
        "gate-weighted": (lambda alpha: [f"{TERM}={alpha}", "loss.mutual_form=gate_weighted"], ALPHAS),
        "top 2, chosen only": (lambda alpha: [*TOP_TWO, f"{TERM}={alpha}",
                                              "loss.mutual_experts=chosen"], ALPHAS),
        "weight decay": (lambda decay: ["train.optimiser=adamw", f"train.weight_decay={decay}"], DECAYS),
        "dropout": (lambda share: [cell.expert(dropout=share)], DROPOUTS),
    }


def study(cell, arms, seeds, first_seed, metric, primary, baseline, epochs=None, validation=0.):
    """The text of a study file."""
    shared = cell.shared() + ([f"train.epochs={epochs}"] if epochs else [])
    lines = ["[study]", f"seeds = {seeds}", f"first_seed = {first_seed}", f'metric = "{metric}"',
             f"primary = {json.dumps(primary)}", f'baseline = "{baseline}"']
    lines += [f"columns = {json.dumps(COLUMNS if metric.startswith('test') else ['valid.loss'])}",
              cell.base.format(validation=validation), "[study.arms]"]
    for name, own in arms.items():
        taken = {assignment.split("=")[0] for assignment in own}
        kept = [a for a in shared if a.split("=")[0] not in taken]
        lines.append(f"{json.dumps(name)} = {json.dumps(kept + own)}")
    return "\n".join(lines) + "\n"


def epochs_study(cell):
    arms = {f"{count} epochs": [f"train.epochs={count}"] for count in cell.epochs}
    names = list(arms)
    return study(cell, arms, SEARCH_SEEDS, FIRST_SEARCH_SEED, "valid.error", names[:2], names[0],
                 validation=cell.validation)


def search_study(cell, epochs):
    arms = {WITHOUT: [], "top 2": TOP_TWO}
    for name, (assignments, values) in rivals(cell).items():
        arms |= {f"{name} {value}": assignments(value) for value in values}
    return study(cell, arms, SEARCH_SEEDS, FIRST_SEARCH_SEED, "valid.error",
                 [f"{DISTILLED} {ALPHAS[3]}", WITHOUT], WITHOUT, epochs, cell.validation)


def cell_study(cell, epochs, best):
    """best: rival -> its chosen value."""
    arms = {WITHOUT: []}
    arms |= {name: assignments(best[name]) for name, (assignments, _) in rivals(cell).items()}
    arms["top 2"] = TOP_TWO
    arms["one network as large as an expert"] = ONE
    arms["one network as large as all"] = ONE + [cell.expert(width=cell.hidden * cell.experts)]
    if cell.top_one:
        arms["dense gate"] = ["gate.kind=softmax"]
    arms["ensemble, even weights"] = EVEN
    arms["fixed partition, without"] = PARTITION
    arms["fixed partition, distilled"] = PARTITION + [f"{TERM}={best[DISTILLED]}"]
    return study(cell, arms, cell.seeds, 0, "test.error", [DISTILLED, WITHOUT], WITHOUT, epochs)


# With more images: the weight is chosen on validation rows of the same seeds, test rows beside.
LADDER_SETS = ["mnist", "fashion-mnist"]
LADDER_ROWS = {6000: 20, 0: 5}  # rows (0: all 54,000 that validation leaves) -> epochs
LADDER_ALPHAS = [0, .01, .1, 1]


def ladder_study(name, rows):
    cell = next(cell for cell in CELLS if cell.name == name)
    cell = dataclasses.replace(cell, settings=[*cell.settings, f"data.rows={rows}"])
    arms = {f"alpha {alpha}": [f"{TERM}={alpha}"] for alpha in LADDER_ALPHAS}
    return study(cell, arms, 5, FIRST_SEARCH_SEED, "test.error", ["alpha 0.1", "alpha 0"], "alpha 0",
                 LADDER_ROWS[rows], .1)


# Translation: a model that trains in minutes on a GPU; one search seed, three values each, on a tenth of
# the pairs, and what they choose is used with all pairs, too.
TRANSLATION_RECIPE = "../../../recipes/multi30k-en-de-mutual.toml"  # from runs/mutual-distillation/studies
TRANSLATION_ALPHAS = [.1, 1, 10]
TRANSLATION_RIVALS = {
    DISTILLED: (lambda alpha: [f"{TERM}={alpha}"], TRANSLATION_ALPHAS),
    "dropout": (lambda share: [f"{TERM}=", f"model.dropout={share}"], [.2, .4, .5]),
    "weight decay": (lambda decay: [f"{TERM}=", "train.optimiser=adamw",
                                    f"train.weight_decay={decay}"], [.01, .1, 1]),
}
TRANSLATION_GATES = {"dense gate": ["gate.kind=softmax"], "top 2": [*TOP_TWO]}
ALL_PAIRS = ["data.rows=0", "data.vocabulary=8000", "train.epochs=30"]


def translation_study(arms, metric, seeds, first_seed, primary, shared=()):
    lower = metric != "bleu"  # the baseline is what primary names second
    lines = ["[study]", f'recipe = "{TRANSLATION_RECIPE}"', f"seeds = {seeds}",
             f"first_seed = {first_seed}", f'metric = "{metric}"',
             f"lower_is_better = {str(lower).lower()}", f"primary = {json.dumps(primary)}",
             f'baseline = "{primary[1]}"',
             f"columns = {json.dumps(['test.loss', 'seconds'] if not lower else ['seconds'])}", "",
             "[study.arms]"]
    lines += [f"{json.dumps(name)} = {json.dumps([*shared, *own])}" for name, own in arms.items()]
    return "\n".join(lines) + "\n"


def translation_search_study():
    arms = {WITHOUT: [f"{TERM}="]}
    for name, (assignments, values) in TRANSLATION_RIVALS.items():
        arms |= {f"{name} {value}": assignments(value) for value in values}
    return translation_study(arms, "valid.loss", 1, FIRST_SEARCH_SEED, [f"{DISTILLED} 1", WITHOUT])


def translation_values(path):
    found = means(path, "valid.loss")
    return {name: min(values, key=lambda value: found[f"{name} {value}"])
            for name, (_, values) in TRANSLATION_RIVALS.items()}


def translation_cell_study(best, all_pairs):
    arms = {WITHOUT: [f"{TERM}="]}
    rivals_here = [DISTILLED] if all_pairs else list(TRANSLATION_RIVALS)
    arms |= {name: TRANSLATION_RIVALS[name][0](best[name]) for name in rivals_here}
    if not all_pairs:
        arms |= translation_gates(best)
    return translation_study(arms, "bleu", 5, 0, [DISTILLED, WITHOUT], ALL_PAIRS if all_pairs else ())


def translation_gates(best):
    arms = {}
    for gate, own in TRANSLATION_GATES.items():
        arms[f"{gate}, without"] = [*own, f"{TERM}="]
        arms[f"{gate}, distilled"] = [*own, f"{TERM}={best[DISTILLED]}"]
    return arms


def translation_gates_study(best):
    """All pairs under the other gates: no cell of the primary claim, hence fewer seeds."""
    return translation_study(translation_gates(best), "bleu", 3, 0,
                             ["top 2, distilled", "top 2, without"], ALL_PAIRS)


# The map: where does it help, at which weight? Settings are as in the cells, but for the epochs, which
# follow the rows so that every run has about as many steps.
MAP_SETS = ["satellite", "letter", "covertype", "magic"]
MAP_ROWS = {250: 80, 500: 80, 1000: 40, 4000: 20, 0: 10}  # rows (0: all) -> epochs
MAP_NOISE = [0, .2, .4]
MAP_GATES = {"dense": ["gate.kind=softmax"], "top 2": TOP_TWO, "top 1": []}
MAP_EXPERTS = [2, 4, 8]
MAP_SEEDS = 2


def map_arms():
    """Name -> (experts, gate, alpha), assignments."""
    arms = {}
    for experts in MAP_EXPERTS:
        for gate, assignments in MAP_GATES.items():
            if experts == 2 and gate == "top 2":
                continue  # that is a dense gate
            for alpha in [0, *ALPHAS]:
                arms[f"{experts} {gate} {alpha}"] = (
                    (experts, gate, alpha),
                    [f"expert.count={experts}", *assignments, f"{TERM}={alpha}"])
    return arms


def map_row_counts(name):
    """Satellite has 3,548 rows to train on, which is its "all"."""
    return [rows for rows in MAP_ROWS if (name, rows) != ("satellite", 4000)]


def map_study(name, rows, noise):
    cell = next(cell for cell in CELLS if cell.name == name)
    cell = dataclasses.replace(cell, settings=[*cell.settings, f"data.rows={rows}",
                                               f"data.label_noise={noise}"])
    arms = {arm: own for arm, (_, own) in map_arms().items()}
    if rows == 0:
        cell = dataclasses.replace(cell, plain=True)
    return study(cell, arms, MAP_SEEDS, FIRST_SEARCH_SEED, "test.error", ["8 top 1 0.3", "8 top 1 0"],
                 "8 top 1 0", MAP_ROWS[rows], .2)


TRANSLATION_GATES_STUDY = "multi30k-gates"
TRANSLATIONS = {"multi30k-tenth": "Multi30k en-de, 2,900 pairs", "multi30k": "Multi30k en-de, all pairs"}


def chosen_epochs(path):
    found = means(path, "valid.error")
    return int(min(found, key=found.get).split()[0])


def chosen_values(cell, path):
    found = means(path, "valid.error")
    return {name: min(values, key=lambda value: found[f"{name} {value}"])
            for name, (_, values) in rivals(cell).items()}
