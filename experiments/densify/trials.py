"""Where a mixture is better than its dense twin: what was tried before cases.py declared its Transformers.

Held-out rows, three seeds (two of CIFAR-100 and Multi30k) that the searches use too. Benefit kept
means nothing where there is no benefit, so that the rest was not folded.
"""

import dataclasses

from cases import BLEU, ERROR, FIRST_SEARCH_SEED, TRANSFORMER_TWIN, Score, study

VIT, TEXT = "recipes/densify/fashion-mnist-vit.toml", "recipes/densify/text.toml"


@dataclasses.dataclass(frozen=True)
class Trial:
    name: str
    title: str
    recipe: str
    shapes: dict            # name -> assignments of the mixture
    settings: list = dataclasses.field(default_factory=list)
    score: Score = ERROR
    seeds: int = 3


def vit(patch, width, depth, hidden, precision):
    return {f"p{patch} w{width} d{depth} h{hidden} {precision}": [
        f"model.patch={patch}", f"model.width={width}", f"model.depth={depth}", f"model.hidden={hidden}",
        f"train.precision={precision}"]}


def hidden(*widths):
    return {f"h{width}": [f"model.hidden={width}"] for width in widths}


def text(name, title, settings=()):
    return Trial(f"text-{name}", title, TEXT, {"h32": []}, settings=[f"data.name={name}", *settings])


def letters(name, title, longest):
    return Trial(f"text-{name}-letters", f"{title}, pieces of few letters", TEXT, {"h32": []}, settings=[
        f"data.name={name}", "data.vocabulary=300", f"data.longest={longest}"])


TRIALS = [
    Trial("fashion-mnist-vit-4", "Fashion-MNIST, patches of 4 x 4", VIT, hidden(8, 24, 48),
          settings=["data.batch=256", "model.patch=4", "model.width=48", "model.depth=4"]),
    Trial("fashion-mnist-vit", "Fashion-MNIST", VIT,
          vit(7, 64, 2, 32, "float32") | vit(7, 64, 2, 128, "float32") | vit(7, 64, 2, 128, "bf16")
          | vit(7, 64, 4, 64, "bf16") | vit(14, 64, 2, 64, "bf16") | vit(14, 64, 2, 256, "bf16")),
    Trial("cifar-100-vit", "CIFAR-100", "recipes/cifar-100-vit.toml",
          vit(4, 96, 4, 96, "bf16") | vit(4, 96, 4, 32, "bf16") | vit(8, 96, 4, 96, "bf16"), seeds=2),
    text("trec", "TREC"), text("trec-fine", "TREC, 50 types"),
    text("ag-news", "AG News", ["data.longest=96"]), text("subj", "Subj"), text("mpqa", "MPQA"),
    text("cr", "CR"), text("mr", "MR"), text("cola", "CoLA"), text("sst-2", "SST-2"),
    text("sst-2-phrases", "SST-2, phrases", ["train.epochs=4", "data.batch=128"]),
    letters("trec", "TREC", 128), letters("subj", "Subj", 128), letters("ag-news", "AG News", 256),
    Trial("multi30k", "Multi30k, English to German (loss)", "recipes/multi30k-en-de.toml",
          {f"h{width}": ["expert.count=8", "gate.kind=noisy_topk", "gate.k=2", "loss.switch_balance=.01",
                         "model.width=128", f"model.hidden={width}", "train.epochs=12"]
           for width in (32, 128)}, score=BLEU, seeds=2),
]


def trial_study(trial):
    arms = {}
    for shape, own in trial.shapes.items():
        arms[f"{shape}, mixture"] = own
        arms[f"{shape}, dense"] = [*own, *TRANSFORMER_TWIN]
    return study(trial, arms, list(arms)[:2], trial.seeds, FIRST_SEARCH_SEED, .1, trial.score.search)
