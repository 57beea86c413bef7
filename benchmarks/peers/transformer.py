"""Transformers in PyTorch: what ours are compared with.

    step/encoder, step/even,         nn.TransformerEncoder and nn.Transformer with the fused
    step/translator                  attention, on padded batches; eager, and under torch.compile;
                                     the translator scores what is no padding
    embed/float32, embed/bfloat16    transformers' BertModel over texts sorted by length, 32, 64 or
                                     128 at once (32 is sentence-transformers' own), mean and
                                     normalisation as sentence-transformers does; the model is
                                     what MOESTRO_BENCH_ENCODER names

    python benchmarks/peers/transformer.py step/encoder [--seconds .5]

prints a line of JSON for each work: for each program the milliseconds of every step.
"""

import argparse
import os

import torch
from torch import nn

from rounds import milliseconds, serve

VOCABULARY, CLASSES, WIDTH, HEADS, HIDDEN, LONGEST = 8000, 6, 256, 4, 1024, 128


def lengths(count, low, high):
    return [low + 7919 * i % (high - low + 1) for i in range(count)]


def padded(counts, low, high):
    """Random ids, and where they are padding."""
    longest = max(counts)
    hidden = torch.arange(longest).unsqueeze(0) >= torch.tensor(counts).unsqueeze(1)
    return torch.randint(low, high, (len(counts), longest)).masked_fill(hidden, 0), hidden


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Parameter(torch.randn(LONGEST, WIDTH) * .02)
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, 0, "gelu", batch_first=True,
                                           norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 4, nn.LayerNorm(WIDTH),
                                             enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, CLASSES, bias=False)

    def forward(self, ids, hidden):
        x = self.tokens(ids) + self.positions[:ids.shape[1]]
        x = self.encoder(x, src_key_padding_mask=hidden)
        seen = (~hidden).unsqueeze(2).to(x.dtype)
        return self.head((x * seen).sum(1) / seen.sum(1))


class Translator(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        places = torch.arange(LONGEST).unsqueeze(1) / 10000 ** (torch.arange(0, WIDTH, 2) / WIDTH)
        self.register_buffer("positions", torch.cat([places.sin(), places.cos()], 1))
        self.model = nn.Transformer(WIDTH, HEADS, 3, 3, HIDDEN, 0, batch_first=True,
                                    norm_first=True)

    def embed(self, ids):
        return self.tokens(ids) * WIDTH ** .5 + self.positions[:ids.shape[1]]

    def forward(self, source, source_hidden, target, target_places):
        causal = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        out = self.model(self.embed(source), self.embed(target), tgt_mask=causal,
                         tgt_is_causal=True, src_key_padding_mask=source_hidden,
                         memory_key_padding_mask=source_hidden)
        return out.flatten(0, 1)[target_places] @ self.tokens.weight.T


def encoder_step(low=4):
    ids, hidden = padded(lengths(64, low, 40), 3, VOCABULARY)
    targets = torch.randint(CLASSES, (64,))
    return Classifier(), lambda model: nn.functional.cross_entropy(model(ids, hidden), targets)


def translator_step():
    source, source_hidden = padded(lengths(64, 5, 30), 3, VOCABULARY)
    target, target_hidden = padded(lengths(64, 6, 31), 3, VOCABULARY)
    places = (~target_hidden).flatten().nonzero().squeeze(1)
    wanted = torch.randint(3, VOCABULARY, (len(places),))

    def loss(model):
        logits = model(source, source_hidden, target, places)
        return nn.functional.cross_entropy(logits, wanted, label_smoothing=.1)

    return Translator(), loss


def steps_of(make):
    """Program -> its step; made, and compiled, once."""
    steps = {}
    for name in ("eager", "compiled"):
        torch.manual_seed(0)
        model, loss = make()
        model.train()
        run = torch.compile(model) if name == "compiled" else model

        def step(model=model, loss=loss, run=run):
            model.zero_grad(set_to_none=True)
            loss(run).backward()

        step()
        steps[name] = step
    return steps


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


MAKERS = {"step/encoder": lambda: steps_of(encoder_step),
          "step/even": lambda: steps_of(lambda: encoder_step(40)),
          "step/translator": lambda: steps_of(translator_step),
          "embed/float32": lambda: embeddings_of("float32"),
          "embed/bfloat16": lambda: embeddings_of("bfloat16")}


def measure(work, seconds, made={}):
    if work not in made:
        made[work] = MAKERS[work]()
    return {"programs": {name: {"ms": milliseconds(step, seconds)}
                         for name, step in made[work].items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", nargs="*", help="KIND/WHAT; from the input if left out")
    parser.add_argument("--seconds", type=float, default=.5, help="for each program")
    flags = parser.parse_args()
    serve(flags.work, lambda work: measure(work, flags.seconds))


if __name__ == "__main__":
    main()
