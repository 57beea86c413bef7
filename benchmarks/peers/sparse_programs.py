"""SwiGLU experts of a sparse mixture layer on a given routing, as PyTorch programs: functions of
x_ND, experts_NK and mix_NK (what the chosen outputs are multiplied with)."""

import math
import os

import torch
from torch.nn import functional as F

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is downloaded

from transformers import OlmoeConfig, Qwen3MoeConfig  # noqa: E402
from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS  # noqa: E402
from transformers.models.olmoe.modeling_olmoe import OlmoeExperts  # noqa: E402
from transformers.models.qwen3_moe.modeling_qwen3_moe import Qwen3MoeExperts  # noqa: E402

BLOCKS = {"olmoe": (OlmoeConfig, OlmoeExperts, "intermediate_size"),
          "qwen3_moe": (Qwen3MoeConfig, Qwen3MoeExperts, "moe_intermediate_size")}
IMPLEMENTATIONS = ["eager", *sorted(ALL_EXPERTS_FUNCTIONS.keys())]
COMPILED = ["grouped_mm/compiled", "olmoe/grouped_mm/compiled"]
NAMES = ["loop", "grouped_mm", *[f"{block}/{way}" for block in BLOCKS for way in IMPLEMENTATIONS],
         *COMPILED]


class Weights:
    """Of one layer, as transformers stores them: up_EGD (G = 2 F) and down_EDF; and in the same
    memory parameters of each expert."""

    def __init__(self, up_EGD, down_EDF):
        self.up, self.down = torch.nn.Parameter(up_EGD), torch.nn.Parameter(down_EDF)
        self.each = [tuple(torch.nn.Parameter(w.detach()[e]) for w in (self.up, self.down))
                     for e in range(len(self.up))]

    @classmethod
    def random(cls, experts, width, hidden, kind):
        def normal(*size):
            return (torch.randn(*size) / math.sqrt(size[-1])).to(kind)

        return cls(normal(experts, 2 * hidden, width), normal(experts, width, hidden))

    def copy(self, kind):
        return Weights(*(w.detach().to(kind, copy=True) for w in (self.up, self.down)))

    def bytes(self):
        return self.up.nbytes + self.down.nbytes

    def leaves(self):
        return [self.up, self.down, *(w for pair in self.each for w in pair)]

    def gradients_of(self, e):
        if self.up.grad is None:
            return [w.grad for w in self.each[e]]
        return [self.up.grad[e], self.down.grad[e]]


def loop(weights, x_ND, experts_NK, mix_NK):
    y_ND = torch.zeros_like(x_ND)
    for e, (up, down) in enumerate(weights.each):
        rows, slots = torch.where(experts_NK == e)
        if len(rows) == 0:
            continue
        gate, value = F.linear(x_ND[rows], up).chunk(2, -1)
        out = F.linear(F.silu(gate) * value, down) * mix_NK[rows, slots, None]
        y_ND.index_add_(0, rows, out)
    return y_ND


def grouped_mm(up_EGD, down_EDF, x_ND, experts_NK, mix_NK):
    tokens, k = experts_NK.shape
    chosen = experts_NK.flatten()
    order = chosen.argsort(stable=True)
    ends = F.one_hot(chosen, len(up_EGD)).sum(0).cumsum(0, dtype=torch.int32)
    gate, value = torch._grouped_mm(x_ND[order // k], up_EGD.mT, offs=ends).chunk(2, -1)
    out = torch._grouped_mm(F.silu(gate) * value, down_EDF.mT, offs=ends)
    out = out * mix_NK.flatten()[order, None]
    return out[order.argsort()].view(tokens, k, -1).sum(1)


def block_experts(block, implementation, weights):
    """The experts of a transformers block of our shape, on our weights."""
    config_class, experts_class, hidden_key = BLOCKS[block]
    experts, width, hidden = weights.down.shape
    config = config_class(hidden_size=width, num_experts=experts, **{hidden_key: hidden})
    config._experts_implementation = implementation
    with torch.device("meta"):
        module = experts_class(config)
    module.gate_up_proj, module.down_proj = weights.up, weights.down
    return module


def program(name, weights):
    if name.endswith("/compiled"):
        return torch.compile(program(name.removesuffix("/compiled"), weights), dynamic=False)
    if name == "loop":
        return lambda *given: loop(weights, *given)
    if name == "grouped_mm":
        return lambda *given: grouped_mm(weights.up, weights.down, *given)
    return block_experts(*name.split("/"), weights)
