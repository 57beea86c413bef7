"""What benchmarks/convolutions.py times: a layer, a block of layers, a whole training step."""

import dataclasses
import functools

import torch
from torch import nn

from convolution_ways import GROUPED, Bank, joined

CHANNELS, SIDE, CLASSES = 3, 32, 100


@functools.cache
def random(device, *shape):
    """The same numbers for every way and precision."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape))).to(device)


@dataclasses.dataclass
class Setting:
    device: str
    recipe: dict
    seconds: float = .15
    side: int = SIDE

    @property
    def batch(self):
        return self.recipe["data"]["batch"]

    def banks(self):
        torch.manual_seed(0)
        experts = self.recipe["expert"]["count"]
        return nn.ModuleList([
            Bank(self.recipe["expert"]["layers"], experts, CHANNELS, self.side, CLASSES),
            Bank(self.recipe["gate"]["layers"], 1, CHANNELS, self.side, experts)]).to(self.device)

    def random(self, *shape):
        return random(self.device, *shape)

    def wait(self):
        if self.device == "cuda":
            torch.cuda.synchronize()


def layer_step(setting, block, way, kind, whole):
    """Forward and backward pass of a convolution or of its block: [outputs, gradients]."""
    experts, filters, channels = block.weight.shape[:3]
    side = block.side // 2 if whole else block.side
    x = setting.random(setting.batch, block.groups * channels, block.side, block.side).to(kind)
    g = setting.random(setting.batch, experts * filters, side, side).to(kind)
    inputs, g = way.arranged(x, block.groups), way.arranged(g, experts)
    pieces = [piece.detach().requires_grad_(not block.first)
              for piece in (inputs if way.listed else [inputs])]
    inputs = pieces if way.listed else pieces[0]
    wanted = [block.weight, *([] if block.first else pieces)]

    def step():
        outputs = (block if whole else block.convolved)(way, inputs, kind)
        return outputs, torch.autograd.grad(outputs, wanted, g)

    return step


def answers(step):
    """Output, gradients of the weights and of the inputs, in one form for all ways."""
    outputs, (weight, *inputs) = step()
    return [joined(part).detach() for part in (outputs, weight, inputs) if len(part)]


def training_step(setting, ways, kind):
    """The step; and what gives the loss and all gradients, as one tensor, and changes nothing."""
    high = torch.promote_types(kind, torch.float32)
    experts, gate = banks = setting.banks().to(high)
    optimiser = torch.optim.Adam(banks.parameters(), fused=True, capturable=setting.device == "cuda")
    x = setting.random(setting.batch, CHANNELS, setting.side, setting.side)
    targets = torch.arange(setting.batch, device=setting.device) % CLASSES
    gate_ways = ways if all(way.plain for way in ways) else [GROUPED] * len(ways)

    def backward():
        optimiser.zero_grad()
        out_ENC = experts(x, ways, kind).to(high).log_softmax(-1)
        gate_NE = gate(x, gate_ways, kind)[0].to(high).log_softmax(-1)
        own_EN = out_ENC.gather(2, targets.expand(len(out_ENC), -1).unsqueeze(2)).squeeze(2)
        loss = -(own_EN + gate_NE.t()).logsumexp(0).mean()
        loss.backward()
        return loss.detach()

    def step():
        backward()
        optimiser.step()

    def gradients():
        loss = backward()
        return [loss, torch.cat([parameter.grad.flatten() for parameter in banks.parameters()])]

    return step, gradients
