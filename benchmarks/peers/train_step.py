"""One training step of a mixture of experts in plain PyTorch: what our step is compared with.

The networks come from the same recipes, the batch is the same size, the likelihood is taken in log
space and the update is torch.optim.Adam. Without --stacked the experts are an nn.ModuleList and a
loop; with --stacked their parameters are stacked by hand (one convolution with the channels of all
experts, batched products). --compile puts forward pass, loss and backward pass under torch.compile.

    python benchmarks/peers/train_step.py mnist/softmax/5 fashion-mnist/attentive/20 [--stacked]

prints a line of JSON for each RECIPE/GATE/EXPERTS: the milliseconds of every step it timed.
"""

import argparse
import functools
import math
import pathlib
import tomllib

import torch
from torch import nn
from torch.nn import functional as F

from rounds import milliseconds, serve

BATCH, CLASSES, SAMPLE = 512, 10, (1, 28, 28)
RECIPES = pathlib.Path(__file__).resolve().parents[2] / "recipes"


def layer_list(words, outputs):
    """The modules of a layer list, and for each the shape that arrives at it."""
    modules, shapes, shape = [], [], SAMPLE
    for word in words:
        kind, *numbers = word.split()
        if kind == "linear" and len(shape) == 3:
            modules.append(nn.Flatten())
            shapes.append(shape)
            shape = (math.prod(shape),)
        if kind == "conv":
            module = nn.Conv2d(shape[0], int(numbers[0]), int(numbers[1]))
        elif kind == "linear":
            width = outputs if numbers[0] in ("classes", "experts") else int(numbers[0])
            module = nn.Linear(shape[0], width)
        elif kind == "maxpool":
            module = nn.MaxPool2d(int(numbers[0]))
        elif kind == "batchnorm":
            module = nn.BatchNorm2d(shape[0])
        elif kind == "relu":
            module = nn.ReLU()
        else:
            raise SystemExit(f'error: the peer knows no layer "{word}"')
        modules.append(module)
        shapes.append(shape)
        with torch.no_grad():
            shape = tuple(module.eval()(torch.zeros(1, *shape)).shape[1:])
        module.train()
    return modules, shapes


class Expert(nn.Module):
    """Gives its logits and its last hidden layer before the activation."""

    def __init__(self, words):
        super().__init__()
        modules, _ = layer_list(words, CLASSES)
        self.body, self.head = nn.Sequential(*modules[:-2]), nn.Sequential(*modules[-2:])

    def forward(self, x):
        hidden = self.body(x)
        return self.head(hidden), hidden


class LoopedExperts(nn.Module):
    def __init__(self, words, experts):
        super().__init__()
        self.experts = nn.ModuleList(Expert(words) for _ in range(experts))

    def forward(self, x):
        outputs, hidden = zip(*(expert(x) for expert in self.experts))
        return torch.stack(outputs, 1), torch.stack(hidden, 1)


class StackedExperts(nn.Module):
    """Outputs and hidden layers [batch, experts, width] from stacked parameters."""

    def __init__(self, words, experts):
        super().__init__()
        copies = [layer_list(words, CLASSES)[0] for _ in range(experts)]
        self.layers, self.count = copies[0], experts
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for modules in zip(*copies):
            if isinstance(modules[0], nn.Conv2d):
                self.weights.append(torch.cat([m.weight.detach() for m in modules]))
                self.biases.append(torch.cat([m.bias.detach() for m in modules]))
            elif isinstance(modules[0], nn.Linear):
                self.weights.append(torch.stack([m.weight.detach().t() for m in modules]))
                self.biases.append(torch.stack([m.bias.detach()[None] for m in modules]))

    def forward(self, x):
        parameters, groups, hidden = zip(self.weights, self.biases), 1, None
        for place, layer in enumerate(self.layers):
            if place == len(self.layers) - 2:
                hidden = x
            if isinstance(layer, nn.Conv2d):
                weight, bias = next(parameters)
                x, groups = F.conv2d(x, weight, bias, groups=groups), self.count
            elif isinstance(layer, nn.Linear):
                weight, bias = next(parameters)
                x = torch.baddbmm(bias, x, weight)
            elif isinstance(layer, nn.Flatten):
                x = x.view(len(x), self.count, -1).transpose(0, 1)
            else:
                x = layer(x)
        return x.transpose(0, 1), hidden.transpose(0, 1)


class Mixture(nn.Module):
    """Log likelihood of the classes, and the gate's probabilities."""

    def __init__(self, recipe, gate, experts, stacked):
        super().__init__()
        self.experts = (StackedExperts if stacked else LoopedExperts)(
            recipe["expert"]["layers"], experts)
        modules, _ = layer_list(recipe["gate"]["layers"], experts)
        self.attentive = gate == "attentive"
        if self.attentive:
            modules = modules[:-2]  # the hidden layer before its activation becomes the query
            width = modules[-1].out_features
            hidden = layer_list(recipe["expert"]["layers"], CLASSES)[1][-1][0]
            self.query = nn.Linear(width, width, bias=False)
            self.key = nn.Linear(hidden, width, bias=False)
        self.gate = nn.Sequential(*modules)

    def forward(self, x):
        outputs, hidden = self.experts(x)
        scores = self.gate(x)
        if self.attentive:
            keys = self.key(hidden)
            query = self.query(scores)
            scores = torch.einsum("bh,beh->be", query, keys) / math.sqrt(query.shape[1])
        log_gate = F.log_softmax(scores, -1)
        likelihood = torch.logsumexp(F.log_softmax(outputs, -1) + log_gate[:, :, None], 1)
        return likelihood, log_gate


def training_step(work, stacked, compiled):
    name, gate, experts = work.split("/")
    recipe = tomllib.loads((RECIPES / f"{name}.toml").read_text())
    model = Mixture(recipe, gate, int(experts), stacked)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    importance = recipe["loss"].get("importance", 0) if gate == "attentive" else 0
    x, targets = torch.randn(BATCH, *SAMPLE), torch.randint(CLASSES, (BATCH,))

    def loss_of(x, targets):
        likelihood, log_gate = model(x)
        loss = F.nll_loss(likelihood, targets)
        if importance:
            used = log_gate.exp().sum(0)
            loss = loss + importance * used.var() / used.mean().square()
        return loss

    if compiled:
        loss_of = torch.compile(loss_of, dynamic=False)

    def step():
        loss = loss_of(x, targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    for _ in range(2):
        step()
    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", nargs="*", help="RECIPE/GATE/EXPERTS; from the input if left out")
    parser.add_argument("--stacked", action="store_true", help="experts stacked by hand")
    parser.add_argument("--compile", action="store_true", help="under torch.compile")
    parser.add_argument("--seconds", type=float, default=1, help="for each work")
    flags = parser.parse_args()
    torch.manual_seed(0)
    torch._dynamo.config.recompile_limit = 100  # every work is a program of its own
    step_of = functools.cache(lambda work: training_step(work, flags.stacked, flags.compile))
    serve(flags.work, lambda work: {"ms": milliseconds(step_of(work), flags.seconds)})


if __name__ == "__main__":
    main()
