"""Transformers in PyTorch: what ours are compared with.

    step/encoder, step/even,         nn.TransformerEncoder and nn.Transformer with the fused
    step/translator                  attention, on padded batches; eager, and under torch.compile;
                                     the translator scores what is no padding
    step/mixture                     the translator with 4 experts of half the width in the place of
                                     every feed-forward layer, 2 a token: eager, a loop over the
                                     experts; and torch._grouped_mm on rows sorted by expert
    cuda/PRECISION/WIDTH/SENTENCES/  the steps on a GPU; bfloat16: under torch.autocast, weights in
                                     float32
    embed/float32, embed/bfloat16    transformers' BertModel over texts sorted by length, 32, 64 or
                                     128 at once (32 is sentence-transformers' own), mean and
                                     normalisation as sentence-transformers does; the model is
                                     what MOESTRO_BENCH_ENCODER names

    python benchmarks/peers/transformer.py step/encoder [--seconds .5]

prints a line of JSON for each work: for each program the milliseconds of every step, or why it
failed.
"""

import argparse
import dataclasses
import functools
import os

import torch
from torch import nn
from torch.nn import functional as F

from rounds import milliseconds, serve

VOCABULARY, CLASSES, LONGEST = 8000, 6, 128
EXPERTS, CHOSEN = 4, 2


@dataclasses.dataclass
class Setting:
    sentences: int = 64
    width: int = 256
    device: str = "cpu"
    half: bool = False

    def autocast(self):
        return torch.autocast(self.device, torch.bfloat16, enabled=self.half)

    def layer(self, activation):
        """What nn.TransformerEncoderLayer and its like are given."""
        return {"d_model": self.width, "nhead": self.width // 64,
                "dim_feedforward": 4 * self.width, "dropout": 0, "activation": activation,
                "batch_first": True, "norm_first": True}


def lengths(count, low, high):
    return [low + 7919 * i % (high - low + 1) for i in range(count)]


def padded(setting, low, high):
    """Random ids of sentences, and where they are padding."""
    counts = lengths(setting.sentences, low, high)
    longest = max(counts)
    hidden = torch.arange(longest).unsqueeze(0) >= torch.tensor(counts).unsqueeze(1)
    ids = torch.randint(3, VOCABULARY, (len(counts), longest)).masked_fill(hidden, 0)
    return ids.to(setting.device), hidden.to(setting.device)


class Classifier(nn.Module):
    def __init__(self, setting):
        super().__init__()
        width = setting.width
        self.tokens = nn.Embedding(VOCABULARY, width)
        self.positions = nn.Parameter(torch.randn(LONGEST, width) * .02)
        layer = nn.TransformerEncoderLayer(**setting.layer("gelu"))
        self.encoder = nn.TransformerEncoder(layer, 4, nn.LayerNorm(width),
                                             enable_nested_tensor=False)
        self.head = nn.Linear(width, CLASSES, bias=False)

    def forward(self, ids, hidden):
        x = self.tokens(ids) + self.positions[:ids.shape[1]]
        x = self.encoder(x, src_key_padding_mask=hidden)
        seen = (~hidden).unsqueeze(2).to(x.dtype)
        return self.head((x * seen).sum(1) / seen.sum(1))


class Mixture(nn.Module):
    """The best experts by a sigmoid gate, their weights normalised, on every token, padding too."""

    def __init__(self, width, hidden, way):
        super().__init__()
        self.way = {"eager": self.loop, "grouped_mm": self.grouped}[way]
        self.gate = nn.Linear(width, EXPERTS)
        self.up = nn.Parameter(torch.randn(EXPERTS, width, hidden) / width ** .5)
        self.up_bias = nn.Parameter(torch.zeros(EXPERTS, hidden))
        self.down = nn.Parameter(torch.randn(EXPERTS, hidden, width) / hidden ** .5)
        self.down_bias = nn.Parameter(torch.zeros(EXPERTS, width))

    def forward(self, x):
        rows = x.flatten(0, 1)
        weights, experts = self.gate(rows).float().sigmoid().topk(CHOSEN)
        weights = weights / weights.sum(1, keepdim=True)
        return self.way(rows, experts, weights).to(x.dtype).view_as(x)

    def loop(self, rows, experts, weights):
        out = torch.zeros(rows.shape, device=rows.device)
        for e in range(EXPERTS):
            token, slot = torch.where(experts == e)
            h = F.relu(torch.addmm(self.up_bias[e], rows[token], self.up[e]))
            y = torch.addmm(self.down_bias[e], h, self.down[e])
            out.index_add_(0, token, y * weights[token, slot, None])
        return out

    def grouped(self, rows, experts, weights):
        half = torch.is_autocast_enabled(rows.device.type)
        kind = torch.bfloat16 if half else rows.dtype
        chosen = experts.flatten()
        order = chosen.argsort(stable=True)
        ends = F.one_hot(chosen, EXPERTS).sum(0).cumsum(0, dtype=torch.int32)
        owner = chosen[order]
        x = rows.to(kind)[order // CHOSEN]
        h = F.relu(torch._grouped_mm(x, self.up.to(kind), offs=ends) + self.up_bias.to(kind)[owner])
        y = torch._grouped_mm(h, self.down.to(kind), offs=ends) + self.down_bias.to(kind)[owner]
        y = y[order.argsort()].view(len(rows), CHOSEN, -1)
        return (y * weights.unsqueeze(2)).sum(1)


class MixtureEncoderLayer(nn.TransformerEncoderLayer):
    def __init__(self, mixture, **setting):
        super().__init__(**setting)
        self.linear1 = self.linear2 = nn.Identity()
        self.mixture = mixture

    def _ff_block(self, x):
        return self.mixture(x)


class MixtureDecoderLayer(nn.TransformerDecoderLayer):
    def __init__(self, mixture, **setting):
        super().__init__(**setting)
        self.linear1 = self.linear2 = nn.Identity()
        self.mixture = mixture

    def _ff_block(self, x):
        return self.mixture(x)


class Translator(nn.Module):
    def __init__(self, setting, way=None):
        super().__init__()
        width = self.width = setting.width
        self.tokens = nn.Embedding(VOCABULARY, width)
        places = torch.arange(LONGEST).unsqueeze(1) / 10000 ** (torch.arange(0, width, 2) / width)
        self.register_buffer("positions", torch.cat([places.sin(), places.cos()], 1))
        stacks = {}
        if way:
            layer = setting.layer("relu")
            expert = functools.partial(Mixture, width, layer["dim_feedforward"] // CHOSEN, way)
            stacks = {"custom_encoder": nn.TransformerEncoder(
                          MixtureEncoderLayer(expert(), **layer), 3, nn.LayerNorm(width),
                          enable_nested_tensor=False),
                      "custom_decoder": nn.TransformerDecoder(
                          MixtureDecoderLayer(expert(), **layer), 3, nn.LayerNorm(width))}
        self.model = nn.Transformer(num_encoder_layers=3, num_decoder_layers=3, **stacks,
                                    **setting.layer("relu"))

    def embed(self, ids):
        return self.tokens(ids) * self.width ** .5 + self.positions[:ids.shape[1]]

    def forward(self, source, source_hidden, target, target_places):
        causal = nn.Transformer.generate_square_subsequent_mask(target.shape[1], target.device)
        out = self.model(self.embed(source), self.embed(target), tgt_mask=causal,
                         tgt_is_causal=True, src_key_padding_mask=source_hidden,
                         memory_key_padding_mask=source_hidden)
        return out.flatten(0, 1)[target_places] @ self.tokens.weight.T


def encoder_step(setting, name, low=4):
    ids, hidden = padded(setting, low, 40)
    targets = torch.randint(CLASSES, (setting.sentences,), device=setting.device)
    return Classifier(setting), lambda model: F.cross_entropy(model(ids, hidden), targets)


def translator_step(setting, name, mixture=False):
    source, source_hidden = padded(setting, 5, 30)
    target, target_hidden = padded(setting, 6, 31)
    places = (~target_hidden).flatten().nonzero().squeeze(1)
    wanted = torch.randint(3, VOCABULARY, (len(places),), device=setting.device)

    def loss(model):
        logits = model(source, source_hidden, target, places)
        return F.cross_entropy(logits, wanted, label_smoothing=.1)

    return Translator(setting, name if mixture else None), loss


def steps_of(make, names, setting):
    """Program -> its step, made and compiled once, or why it failed."""
    steps = {}
    for name in names:
        torch.manual_seed(0)
        try:
            model, loss = make(setting, name)
            model.to(setting.device).train()
            run = torch.compile(model, dynamic=False) if name == "compiled" else model

            def step(model=model, loss=loss, run=run):
                model.zero_grad(set_to_none=True)
                with setting.autocast():
                    value = loss(run)
                value.backward()
                if setting.device == "cuda":
                    torch.cuda.synchronize()

            for _ in range(3):
                step()
            steps[name] = step
        except Exception as error:  # of whatever LibTorch and the compiler may throw
            steps[name] = f"{type(error).__name__}: {error}".splitlines()[0]
    return steps


STEPS = {"encoder": (encoder_step, ["eager", "compiled"]),
         "even": (functools.partial(encoder_step, low=40), ["eager", "compiled"]),
         "translator": (translator_step, ["eager", "compiled"]),
         "mixture": (functools.partial(translator_step, mixture=True), ["eager", "grouped_mm"])}


def embeddings_of(precision):
    from transformers import BertModel

    model = BertModel.from_pretrained(os.environ["MOESTRO_BENCH_ENCODER"], add_pooling_layer=False,
                                      dtype=getattr(torch, precision)).eval()
    counts = sorted(lengths(256, 6, 64), reverse=True)
    texts = [torch.randint(1000, 30000, (count,)) for count in counts]
    out = torch.empty(len(texts), model.config.hidden_size)

    def embed(at_once):
        with torch.inference_mode():
            for first in range(0, len(texts), at_once):
                batch = texts[first:first + at_once]
                ids = nn.utils.rnn.pad_sequence(batch, batch_first=True)
                seen = (torch.arange(ids.shape[1]).unsqueeze(0)
                        < torch.tensor([len(text) for text in batch]).unsqueeze(1)).long()
                last = model(ids, attention_mask=seen).last_hidden_state.float()
                mask = seen.unsqueeze(2).float()
                mean = (last * mask).sum(1) / mask.sum(1)
                out[first:first + len(batch)] = nn.functional.normalize(mean)

    embed(32)
    return {f"{at_once} at once": lambda at_once=at_once: embed(at_once)
            for at_once in (32, 64, 128)}


def programs_of(work, compiled):
    kind, *place, what = work.split("/")
    if kind == "embed":
        return embeddings_of(what)
    make, names = STEPS[what]
    if not compiled:
        names = [name for name in names if name != "compiled"]
    if kind == "step":
        return steps_of(make, names, Setting())
    precision, width, sentences = place
    return steps_of(make, names, Setting(int(sentences), int(width), "cuda",
                                         precision == "bfloat16"))


def measure(work, seconds, compiled, made={}):
    if work not in made:
        made[work] = programs_of(work, compiled)
    return {"programs": {name: {"failed": step} if isinstance(step, str) else
                         {"ms": milliseconds(step, seconds)}
                         for name, step in made[work].items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", nargs="*", help="KIND/.../WHAT; from the input if left out")
    parser.add_argument("--seconds", type=float, default=.5, help="for each program")
    parser.add_argument("--compiled", default="", metavar="WORDS",
                        help="compile only works whose name holds one of these, as 1024/256,even")
    flags = parser.parse_args()
    torch._dynamo.config.recompile_limit = 100  # every work is a program of its own
    serve(flags.work, lambda work: measure(
        work, flags.seconds, any(word in work for word in flags.compiled.split(","))))


if __name__ == "__main__":
    main()
