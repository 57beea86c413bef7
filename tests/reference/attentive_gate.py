"""Writes attentive_gate.safetensors beside itself: a small attentive gate (arXiv 2302.14703) as a
plain program of PyTorch, in float64, with its inputs, weights, results and gradients.

Usage: attentive_gate.py
"""
import json
import math
import struct
from pathlib import Path

import torch

B, D, H, F, E = 6, 3, 4, 5, 3  # samples, input, query, experts' hidden layer, experts


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


def main():
    torch.manual_seed(5)
    torch.set_default_dtype(torch.float64)
    trunk = torch.nn.Linear(D, H)
    w_q = torch.nn.Linear(H, H, bias=False)
    w_k = torch.nn.Linear(F, H, bias=False)
    x = torch.randn(B, D)
    hiddens = [torch.randn(B, F, requires_grad=True) for _ in range(E)]
    probe = torch.randn(B, E)
    learned = {  # ours are [1, in, out]
        "gate.0.weight": trunk.weight,
        "gate.0.bias": trunk.bias,
        "gate.query.weight": w_q.weight,
        "gate.key.weight": w_k.weight,
    }

    def ours(tensor):
        return tensor.t().unsqueeze(0) if tensor.dim() == 2 else tensor.unsqueeze(0)

    tensors = {"x_BD": x, "hidden_EBF": torch.stack(hiddens), "probe_BE": probe}
    tensors |= {name: ours(value) for name, value in learned.items()}
    for side in ("before", "after"):
        for leaf in [*learned.values(), *hiddens]:
            leaf.grad = None
        h = trunk(x) if side == "before" else torch.tanh(trunk(x))
        q = w_q(h)
        scores = torch.stack([(q * w_k(h_i)).sum(1) / math.sqrt(H) for h_i in hiddens], dim=1)
        probs = torch.softmax(scores, dim=1)
        (probs * probe).sum().backward()
        tensors[f"{side}.scores_BE"] = scores
        tensors[f"{side}.probs_BE"] = probs
        tensors[f"{side}.hidden_EBF.grad"] = torch.stack([h_i.grad for h_i in hiddens])
        for name, value in learned.items():
            tensors[f"{side}.{name}.grad"] = ours(value.grad)
    save(Path(__file__).with_suffix(".safetensors"), tensors)


if __name__ == "__main__":
    main()
