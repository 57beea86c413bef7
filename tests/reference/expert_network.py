"""Writes expert_network.safetensors beside itself: three MNIST experts with batch norm as a plain
program of PyTorch with a loop over experts, in float64: inputs, weights, outputs in training and in
evaluation, running statistics, and the gradients of an even mixture's loss.

Usage: expert_network.py
"""
import json
import struct
from pathlib import Path

import torch
from torch import nn

B, E, CLASSES = 4, 3, 10
# Layers with tensors of their own, at the places of the layer list "conv 1 3", "batchnorm", "relu",
# "maxpool 2", "linear 5", "relu", "linear 32", "relu", "linear classes".
PLACES = {"0": 0, "1": 1, "4": 5, "6": 7, "8": 9}  # ours: index in Sequential (flatten counts there)


def save(path, tensors):
    header, offset = {}, 0
    for name, tensor in tensors.items():
        end = offset + 8 * tensor.numel()
        header[name] = {"dtype": "F64", "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    data = b"".join(t.detach().contiguous().numpy().tobytes() for t in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def expert():
    return nn.Sequential(
        nn.Conv2d(1, 1, 3), nn.BatchNorm2d(1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(169, 5), nn.ReLU(), nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, CLASSES),
    )


def ours(tensor):
    return tensor.t() if tensor.dim() == 2 else tensor


def stacked(experts, name):
    return torch.stack([ours(e.get_parameter(name)) for e in experts])


def main():
    torch.manual_seed(3)
    torch.set_default_dtype(torch.float64)
    experts = [expert() for _ in range(E)]
    x, target = torch.randn(B, 1, 28, 28), torch.randint(CLASSES, (B,))
    tensors = {"x": x, "target": target.double()}
    names = {f"{place}.{kind}": f"{index}.{kind}"
             for place, index in PLACES.items() for kind in ("weight", "bias")}
    with torch.no_grad():
        for e in experts:  # away from 1 and 0, where some faults would not show
            e[1].weight.uniform_(0.5, 1.5)
            e[1].bias.normal_()
    for name, theirs in names.items():
        tensors[name] = stacked(experts, theirs).clone()

    outputs = torch.stack([e(x) for e in experts])
    log_mixture = torch.logsumexp(torch.log_softmax(outputs, 2), 0) - torch.tensor(E).log()
    nn.functional.nll_loss(log_mixture, target).backward()
    tensors["training_ENC"] = outputs
    for name, theirs in names.items():
        tensors[f"{name}.grad"] = torch.stack([ours(e.get_parameter(theirs).grad) for e in experts])
    for statistic in ("running_mean", "running_var"):
        tensors[f"1.{statistic}"] = torch.stack([getattr(e[1], statistic) for e in experts])
    tensors["evaluation_ENC"] = torch.stack([e.eval()(x) for e in experts])
    save(Path(__file__).with_suffix(".safetensors"), tensors)


if __name__ == "__main__":
    main()
