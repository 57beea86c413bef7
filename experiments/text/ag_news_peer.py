#!/usr/bin/env python3
"""The classifier of recipes/ag-news.toml, written in PyTorch and trained on the same token ids.

    ag_news_peer.py encode RUN --out ids.pt          ids and settings of a finished dense run of ours
    ag_news_peer.py check RUN ids.pt                 our weights in PyTorch's layers: the same answers?
    ag_news_peer.py train ids.pt --csv FILE          train it anew, --seeds 5, and test it once a seed

encode needs Python 3.11 and the package sentencepiece (0.2.0), check the package safetensors; train
needs PyTorch alone, so that it can run where nothing else is installed. RUN must have been trained on
all rows (data.validation = 0). The layers are torch.nn.TransformerEncoder's, without the dropout
inside its feed-forward layer and its attention, which ours lacks; the start is ours (Xavier's uniform
one, biases 0, token and position vectors of deviation .02), since PyTorch has none of its own for
a whole model; draws and the order of rows are PyTorch's.
"""

import argparse
import csv
import datetime
import gzip
import json
import math
import os
import pathlib
import sys
import time

import torch
from torch import nn

BEGIN, END, PAD = 1, 2, -1


# -- the rows ------------------------------------------------------------------------------------

def rows_of(path, texts, label, first_label):
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            yield " ".join(row[i] for i in texts), int(row[label]) - first_label


def padded(sentences):
    return nn.utils.rnn.pad_sequence([torch.tensor(ids, dtype=torch.int16) for ids in sentences],
                                     batch_first=True, padding_value=PAD)


def encode(run, data, out):
    import sentencepiece
    import tomllib
    recipe = tomllib.loads((run / "recipe.toml").read_text())
    check_recipe(recipe)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(run / "tokenizer.model"))
    longest = recipe["data"]["longest"]
    saved = {"recipe": json.dumps(recipe), "vocabulary": pieces.get_piece_size()}
    for part, file, columns in (("train", "sample_train.csv.gz", ([0], 1, 0)),
                                ("test", "test.csv.gz", ([1, 2], 0, 1))):
        texts, labels = zip(*rows_of(data / file, *columns))
        ids = [[BEGIN] + pieces.encode(text)[:longest - 2] + [END] for text in texts]
        saved[f"{part}_ids"] = padded(ids)
        saved[f"{part}_labels"] = torch.tensor(labels)
        print(f"{part}: {len(ids)} texts, {sum(map(len, ids))} tokens")
    torch.save(saved, out)


def check_recipe(recipe):
    """What this program does, and nothing else."""
    expected = {"data": {"name": "ag-news", "validation": 0.0, "tokens": 0},
                "model": {"kind": "encoder", "norm": "layer", "bias": True, "share_depth": False,
                          "pooling": "mean"},
                "expert": {"count": 1}, "loss": {"kind": "expectation"},
                "train": {"optimiser": "adamw", "schedule": "cosine", "precision": "float32"}}
    for section, keys in expected.items():
        for key, value in keys.items():
            if recipe[section].get(key, value) != value:
                sys.exit(f"error: {section}.{key} = {recipe[section][key]}; expected {value}")
    for key, values in (("activation", ("relu", "gelu")), ("positions", ("learned", "sinusoidal"))):
        if recipe["model"][key] not in values:
            sys.exit(f"error: model.{key} = {recipe['model'][key]}; expected one of {values}")


# -- the model -----------------------------------------------------------------------------------

def sinusoids(longest, width):
    rates = torch.exp(torch.arange(width // 2) * (-2 * math.log(10000) / width))
    angles = torch.arange(longest).unsqueeze(1) * rates
    return torch.cat([angles.sin(), angles.cos()], 1)


class Classifier(nn.Module):
    def __init__(self, shape, vocabulary, longest, classes):
        super().__init__()
        width = shape["width"]
        self.tokens = nn.Embedding(vocabulary, width)
        if shape["positions"] == "learned":
            self.positions = nn.Parameter(torch.empty(longest, width))
        else:
            self.register_buffer("positions", sinusoids(longest, width))
        layer = nn.TransformerEncoderLayer(
            width, shape["heads"], shape["hidden"], shape["dropout"], shape["activation"],
            batch_first=True, norm_first=shape["norm_first"])
        layer.dropout.p = layer.self_attn.dropout = 0.
        norm = nn.LayerNorm(width) if shape["norm_first"] else None
        self.encoder = nn.TransformerEncoder(layer, shape["depth"], norm, enable_nested_tensor=False)
        self.dropout = nn.Dropout(shape["dropout"])
        self.head = nn.Linear(width, classes)
        self.start()

    def start(self):
        for name, value in self.named_parameters():
            if name in ("tokens.weight", "positions"):
                nn.init.uniform_(value, -math.sqrt(3) * .02, math.sqrt(3) * .02)
            elif value.dim() == 2:
                nn.init.xavier_uniform_(value)
            elif name.endswith("bias"):
                nn.init.zeros_(value)

    def forward(self, ids_BT):
        padding_BT = ids_BT == PAD
        x_BTD = self.tokens(ids_BT.clamp_min(0).long()) + self.positions[:ids_BT.size(1)]
        x_BTD = self.encoder(self.dropout(x_BTD), src_key_padding_mask=padding_BT)
        kept_BT1 = (~padding_BT).unsqueeze(2).float()
        mean_BD = (x_BTD * kept_BT1).sum(1) / kept_BT1.sum(1)
        return self.head(self.dropout(mean_BD))


def model_of(saved):
    recipe = json.loads(saved["recipe"])
    classes = int(saved["train_labels"].max()) + 1
    return Classifier(recipe["model"], saved["vocabulary"], recipe["data"]["longest"], classes)


def cut(ids_BT):
    return ids_BT[:, :int((ids_BT != PAD).sum(1).max())]


@torch.no_grad()
def score(model, ids, labels):
    model.eval()
    logits = torch.cat([model(cut(part)) for part in ids.split(500)])
    loss = nn.functional.cross_entropy(logits, labels).item()
    return (logits.argmax(1) != labels).double().mean().item(), loss


# -- training ------------------------------------------------------------------------------------

def rate_at(step, steps, train):
    warmup = math.floor(train["warmup"] * steps)
    if step < warmup:
        return train["rate"] * (step + 1) / warmup
    fall = min(1., (step - warmup) / max(1, steps - warmup))
    return train["rate"] * (1 + math.cos(math.pi * fall)) / 2


def train(saved, seed, device):
    recipe = json.loads(saved["recipe"])
    options, batch = recipe["train"], recipe["data"]["batch"]
    smoothing = recipe["loss"].get("label_smoothing", 0.)
    torch.manual_seed(seed)
    model = model_of(saved).to(device)
    ids, labels = saved["train_ids"].to(device), saved["train_labels"].to(device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=options["rate"],
                                  betas=(.9, options.get("beta2", .999)),
                                  weight_decay=options["weight_decay"], fused=True)
    each = math.ceil(len(ids) / batch)
    averaged = options.get("average", 0)
    mean = torch.optim.swa_utils.AveragedModel(model) if averaged else None
    step, started = 0, time.perf_counter()
    for epoch in range(options["epochs"]):
        model.train()
        for rows in torch.randperm(len(ids), device=device).split(batch):
            optimiser.param_groups[0]["lr"] = rate_at(step, each * options["epochs"], options)
            loss = nn.functional.cross_entropy(model(cut(ids[rows])), labels[rows],
                                               label_smoothing=smoothing)
            optimiser.zero_grad()
            loss.backward()
            if options.get("clip", 0) > 0:
                nn.utils.clip_grad_norm_(model.parameters(), options["clip"])
            optimiser.step()
            step += 1
        if mean and epoch >= options["epochs"] - averaged:
            mean.update_parameters(model)
    seconds = time.perf_counter() - started
    return (mean.module if mean else model), seconds


def device_name(device):
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"cpu ({torch.get_num_threads()} thread{'s' if torch.get_num_threads() != 1 else ''})"


def train_seeds(saved, seeds, device, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["seed", "error", "loss", "seconds", "device", "date", "torch"])
        for seed in range(seeds):
            model, seconds = train(saved, seed, device)
            error, loss = score(model, saved["test_ids"].to(device), saved["test_labels"].to(device))
            table.writerow([seed, error, loss, round(seconds, 2), device_name(device),
                            datetime.date.today().isoformat(), torch.__version__])
            file.flush()
            print(f"seed {seed}: test error {error:.4f}, loss {loss:.4f}, {seconds:.0f} s", flush=True)


# -- our weights in it ---------------------------------------------------------------------------

def check(run, saved):
    from safetensors.torch import load_file
    newest = max((run / "checkpoints").glob("*.safetensors"))
    stored = load_file(newest)
    prefix = "average." if any(name.startswith("average.") for name in stored) else ""
    ours = {name: stored[prefix + name][0] for name in stored
            if prefix + name in stored and not name.startswith(("optimiser.", "average."))
            and stored[name].dim() > 0}
    names = {"tokens.weight": "embeddings.tokens", "positions": "embeddings.positions"}
    parts = {"self_attn.in_proj_": "attention.qkv.", "self_attn.out_proj.": "attention.out.",
             "linear1.": "feed_forward.up.", "linear2.": "feed_forward.down.",
             "norm1.": "attention_norm.", "norm2.": "feed_forward_norm."}
    model = model_of(saved)
    with torch.no_grad():
        for name, value in model.named_parameters():
            own = names.get(name, name.replace("encoder.layers.", "encoder."))
            for theirs, part in parts.items():
                own = own.replace(theirs, part)
            tensor = ours[own]
            value.copy_(tensor if tensor.dim() == 1 or name in names else tensor.T)
    error, loss = score(model, saved["test_ids"], saved["test_labels"])
    test = json.loads((run / "summary.json").read_text())["test"]
    print(f"test error {error:.6f}, loss {loss:.6f}; ours {test['error']:.6f}, {test['loss']:.6f}")
    sys.exit(0 if abs(error - test["error"]) < 1e-9 and abs(loss - test["loss"]) < 1e-4 else 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("encode")
    verb.add_argument("run", type=pathlib.Path)
    verb.add_argument("--data", type=pathlib.Path,
                      default=pathlib.Path(os.environ.get("MOESTRO_DATA", "data")) / "ag-news")
    verb.add_argument("--out", type=pathlib.Path, required=True)
    verb = verbs.add_parser("check")
    verb.add_argument("run", type=pathlib.Path)
    verb.add_argument("ids", type=pathlib.Path)
    verb = verbs.add_parser("train")
    verb.add_argument("ids", type=pathlib.Path)
    verb.add_argument("--csv", type=pathlib.Path, required=True)
    verb.add_argument("--seeds", type=int, default=5)
    verb.add_argument("--device", type=torch.device,
                      default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    if options.verb == "encode":
        encode(options.run, options.data, options.out)
    elif options.verb == "check":
        check(options.run, torch.load(options.ids))
    else:
        train_seeds(torch.load(options.ids), options.seeds, options.device, options.csv)


if __name__ == "__main__":
    main()
