"""The experts of a sparse mixture layer in PyTorch: what our sparse layer is compared with.

SwiGLU experts on a routing forced from outside: neither the gate's product nor its choice is in the
time. The programs (sparse_programs.py):

    loop            a loop over experts with parameters of their own
    grouped_mm      torch._grouped_mm by hand
    olmoe/...       the experts of transformers' OLMoE block with random weights: "eager" and every
                    implementation that transformers has registered
    qwen3_moe/...   of its Qwen3-MoE block, whose experts are the same code
    .../compiled    under torch.compile: the programs without a loop that depends on the data

    python benchmarks/peers/sparse_layer.py small/float32/skewed/train [--only olmoe]

prints a line of JSON for each SHAPE/TYPE/LOAD/PASS, named as in benchmarks/sparse_layer.cpp: for
each program the milliseconds of every step it timed; on the even load the most bytes that a step
adds to what is held before it (gradients included) and the relative error against float64; or why
it does not run.
"""

import argparse
import functools
import itertools
import os
import time
import warnings
from typing import NamedTuple

import torch

import sparse_programs
from rounds import milliseconds, peak_bytes, serve

COLD_BYTES = 256 << 20  # of weights that one-token steps cycle through: more than a cache holds
# batched_mm copies the weights of its expert for every row; what of the machine's memory it may.
MOST_COPIED = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 3


class Shape(NamedTuple):
    width: int
    hidden: int
    experts: int
    k: int
    tokens: int


SHAPES = {"small": Shape(512, 256, 16, 2, 2048), "large": Shape(1024, 512, 32, 4, 4096)}


class Work(NamedTuple):
    shape: str
    kind: str
    load: str
    phase: str


class Refused(Exception):
    """Why a program does not run a work."""


def expert_loads(shape, load):
    """Rows of each expert."""
    rows, experts = shape.tokens * shape.k, shape.experts
    if load == "crowded":  # the first takes every token: half of the rows where k = 2
        rest = (rows - shape.tokens) / (experts - 1)
        shares = [shape.tokens] + [rest] * (experts - 1)
    else:
        parts = [1 / (e + 1) if load == "skewed" else 1 for e in range(experts)]
        shares = [rows * part / sum(parts) for part in parts]
    ends = [round(end) for end in itertools.accumulate(shares)]
    return [end - start for start, end in zip([0, *ends], ends)]


def forced_routing(shape, load):
    """experts_NK with those loads: k different ones for each token, the tokens in random order."""
    loads = torch.tensor(expert_loads(shape, load))
    chosen_KN = torch.arange(shape.experts).repeat_interleave(loads).view(shape.k, shape.tokens)
    return chosen_KN.t()[torch.randperm(shape.tokens)].contiguous()


@functools.cache
def layer_weights(shape, kind):
    return sparse_programs.Weights.random(shape.experts, shape.width, shape.hidden, kind)


@functools.cache
def cold_layers(shape, kind):
    """As many layers as no cache holds: one token meets weights that come from memory."""
    first = layer_weights(shape, kind)
    return [first, *(first.copy(kind) for _ in range(COLD_BYTES // first.bytes()))]


class Bench:
    """One work: its data, and for each program a step to time."""

    def __init__(self, work):
        torch.manual_seed(0)
        self.shape, self.work = SHAPES[work.shape], work
        self.kind = getattr(torch, work.kind)
        self.one_token = work.load == "one-token"
        tokens = 1 if self.one_token else self.shape.tokens
        if self.one_token:
            # One row for each step: the experts take turns.
            self.experts_NK = torch.arange(self.shape.experts).view(-1, self.shape.k)
        else:
            self.experts_NK = forced_routing(self.shape, work.load)
        mix = torch.rand(tokens, self.shape.k).softmax(1)
        self.x_ND, self.mix_NK = (value.to(self.kind).requires_grad_(work.phase == "train")
                                  for value in (torch.randn(tokens, self.shape.width), mix))
        self.dy_ND = torch.randn(tokens, self.shape.width).to(self.kind)
        self.weights = layer_weights(self.shape, self.kind)
        self.known = {}

    def wants(self, name):
        """Whether a program is measured here; what would only repeat is not."""
        if self.one_token:
            return True
        if name.startswith("qwen3_moe") and self.work.shape == "large":
            return False  # the same code as OLMoE's
        if name.endswith("batched_mm"):  # very slow: one work of each size will do
            return name.startswith("olmoe") and self.work[2:] == ("balanced", "train")
        return True

    def check(self, name):
        copied = self.experts_NK.numel() * self.weights.bytes() / self.shape.experts
        if name.endswith("batched_mm") and not self.one_token and copied > MOST_COPIED:
            raise Refused(f"would copy {copied / 1e9:.0f} GB of weights")
        if name == "grouped_mm/compiled" and self.kind != torch.bfloat16:
            raise Refused("torch.compile takes torch._grouped_mm in bfloat16 only")

    def step(self, name):
        if self.one_token:
            return self.cold_step(name)
        program = sparse_programs.program(name, self.weights)
        if self.work.phase == "infer":
            return torch.no_grad()(lambda: program(self.x_ND, self.experts_NK, self.mix_NK))

        def train():
            for leaf in [self.x_ND, self.mix_NK, *self.weights.leaves()]:
                leaf.grad = None
            y_ND = program(self.x_ND, self.experts_NK, self.mix_NK)
            y_ND.backward(self.dy_ND)
            return y_ND

        return train

    def cold_step(self, name):
        programs = [sparse_programs.program(name, weights)
                    for weights in cold_layers(self.shape, self.kind)]
        turns = itertools.cycle([(program, row) for row in self.experts_NK.split(1)
                                 for program in programs])

        @torch.no_grad()
        def infer():
            program, row = next(turns)
            return program(self.x_ND, row, self.mix_NK)

        return infer

    @functools.cached_property
    def reference(self):
        """What the tokens of the last expert and its weights must give, in float64."""
        last = self.shape.experts - 1
        rows = torch.where((self.experts_NK == last).any(1))[0]
        weights = self.weights.copy(torch.float64)
        x, mix = (value.detach()[rows].double().requires_grad_()
                  for value in (self.x_ND, self.mix_NK))
        y = sparse_programs.loop(weights, x, self.experts_NK[rows], mix)
        y.backward(self.dy_ND[rows].double())
        return rows, y, [x.grad, mix.grad, *weights.gradients_of(last)]

    def error(self, y_ND):
        rows, y, gradients = self.reference
        pairs = [(y_ND[rows], y)]
        if self.work.phase == "train":
            ours = [self.x_ND.grad[rows], self.mix_NK.grad[rows],
                    *self.weights.gradients_of(self.shape.experts - 1)]
            pairs += zip(ours, gradients)
        return max(((a.double() - b).norm() / b.norm()).item() for a, b in pairs)

    def first(self, name):
        """The step after its warm-up, and what is told once: on the even load its memory and its
        error; of batched_mm, which takes many seconds, the time of this one step."""
        self.check(name)
        step = self.step(name)
        start = time.perf_counter()
        try:
            y_ND = step()
        except (ImportError, ValueError, RuntimeError) as error:
            raise Refused(str(error).strip().splitlines()[0]) from error
        took = time.perf_counter() - start
        if self.work.load != "balanced":
            return step, {}
        facts = {"error": self.error(y_ND)}
        if name.endswith("batched_mm"):
            return step, facts | {"ms": [1e3 * took]}
        return step, facts | {"peak_bytes": peak_bytes(step)}

    def measure(self, name, seconds):
        if name not in self.known:
            try:
                self.known[name] = self.first(name)
            except Refused as reason:
                self.known[name] = None, {"refused": str(reason)}
        step, facts = self.known[name]
        if "ms" in facts or "refused" in facts:
            return facts
        return facts | {"ms": milliseconds(step, seconds, least=1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", nargs="*", help="SHAPE/TYPE/LOAD/PASS; from the input if left out")
    parser.add_argument("--only", default="", help="programs whose name contains this")
    parser.add_argument("--seconds", type=float, default=.5, help="for each program")
    flags = parser.parse_args()
    warnings.simplefilter("ignore")
    torch._dynamo.config.recompile_limit = 1000  # one program for every shape and type
    names = [name for name in sparse_programs.NAMES if flags.only in name]
    bench = functools.cache(lambda work: Bench(Work(*work.split("/"))))
    serve(flags.work, lambda work: {"programs": {
        name: bench(work).measure(name, flags.seconds)
        for name in filter(bench(work).wants, names)}})


if __name__ == "__main__":
    main()
