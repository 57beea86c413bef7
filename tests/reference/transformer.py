"""Writes transformer.safetensors beside itself: small Transformers as plain programs of PyTorch, in
float64, with inputs, weights under our names, results and gradients.

  pre.*, post.*   nn.TransformerEncoder of two layers, norm first (relu) and last (gelu), padded
  decoder.*       nn.TransformerDecoder of two layers, norm first, causal, over padded memory
  rotary.*        one block with RMSNorm, rotary positions and SwiGLU (as Llama's), no biases,
                  causal, written out
  sinusoid        sines and cosines of 7 places

Usage: transformer.py
"""
import json
import math
import struct
from pathlib import Path

import torch
from torch import nn

B, T, S, D, H, F = 3, 5, 4, 8, 2, 12  # sentences, their longest, memory's longest, widths, heads
LENGTHS, MEMORY_LENGTHS = [5, 2, 3], [1, 4, 3]


def save(path, tensors):
    header, offset = {}, 0
    for name, tensor in tensors.items():
        end = offset + 8 * tensor.numel()
        kind = "I64" if tensor.dtype == torch.int64 else "F64"
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    data = b"".join(t.detach().contiguous().numpy().tobytes() for t in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def padding(lengths, longest):
    return torch.arange(longest).unsqueeze(0) >= torch.tensor(lengths).unsqueeze(1)


def packed(x, lengths):
    return torch.cat([x[i, :length] for i, length in enumerate(lengths)])


def spread(module):
    """Norms and biases away from where they start."""
    for parameter in module.parameters():
        if parameter.dim() == 1:
            nn.init.normal_(parameter, 0.5, 0.3)


def matrix(weight):  # ours are [1, in, out]
    return weight.t().unsqueeze(0)


def attention(name, layer, grad):
    take = (lambda p: p.grad) if grad else (lambda p: p)
    return {f"{name}.qkv.weight": matrix(take(layer.in_proj_weight)),
            f"{name}.qkv.bias": take(layer.in_proj_bias).unsqueeze(0),
            f"{name}.out.weight": matrix(take(layer.out_proj.weight)),
            f"{name}.out.bias": take(layer.out_proj.bias).unsqueeze(0)}


def cross_attention(name, layer, grad):
    take = (lambda p: p.grad) if grad else (lambda p: p)
    weight, bias = take(layer.in_proj_weight), take(layer.in_proj_bias)
    return {f"{name}.query.weight": matrix(weight[:D]), f"{name}.query.bias": bias[:D].unsqueeze(0),
            f"{name}.key_value.weight": matrix(weight[D:]),
            f"{name}.key_value.bias": bias[D:].unsqueeze(0),
            f"{name}.out.weight": matrix(take(layer.out_proj.weight)),
            f"{name}.out.bias": take(layer.out_proj.bias).unsqueeze(0)}


def linear(name, layer, grad):
    take = (lambda p: p.grad) if grad else (lambda p: p)
    return {f"{name}.weight": matrix(take(layer.weight)),
            f"{name}.bias": take(layer.bias).unsqueeze(0)}


def norm(name, layer, grad):
    take = (lambda p: p.grad) if grad else (lambda p: p)
    return {f"{name}.weight": take(layer.weight).unsqueeze(0),
            f"{name}.bias": take(layer.bias).unsqueeze(0)}


def stack(model, cross, grad=False):
    tensors = {}
    for i, layer in enumerate(model.layers):
        name = f"stack.{i}"
        tensors |= attention(f"{name}.attention", layer.self_attn, grad)
        if cross:
            tensors |= cross_attention(f"{name}.cross_attention", layer.multihead_attn, grad)
            tensors |= norm(f"{name}.cross_attention_norm", layer.norm2, grad)
        tensors |= linear(f"{name}.feed_forward.up", layer.linear1, grad)
        tensors |= linear(f"{name}.feed_forward.down", layer.linear2, grad)
        tensors |= norm(f"{name}.attention_norm", layer.norm1, grad)
        tensors |= norm(f"{name}.feed_forward_norm", layer.norm3 if cross else layer.norm2, grad)
    if model.norm is not None:
        tensors |= norm("stack.norm", model.norm, grad)
    return tensors


def encoder(name, norm_first, activation):
    layer = nn.TransformerEncoderLayer(D, H, F, 0.0, activation, batch_first=True,
                                       norm_first=norm_first)
    model = nn.TransformerEncoder(layer, 2, nn.LayerNorm(D) if norm_first else None,
                                  enable_nested_tensor=False)
    for parameter in model.parameters():  # the layers are copies of one
        if parameter.dim() == 2:
            nn.init.xavier_uniform_(parameter)
    spread(model)
    x = torch.randn(B, T, D, requires_grad=True)
    probe = torch.randn(sum(LENGTHS), D)
    out = packed(model(x, src_key_padding_mask=padding(LENGTHS, T)), LENGTHS)
    (out * probe).sum().backward()
    tensors = {"x": packed(x, LENGTHS), "probe": probe, "out": out,
               "x.grad": packed(x.grad, LENGTHS)}
    tensors |= stack(model, False)
    tensors |= {f"{key}.grad": value for key, value in stack(model, False, True).items()}
    return {f"{name}.{key}": value for key, value in tensors.items()}


def decoder():
    layer = nn.TransformerDecoderLayer(D, H, F, 0.0, "relu", batch_first=True, norm_first=True)
    model = nn.TransformerDecoder(layer, 2, nn.LayerNorm(D))
    for parameter in model.parameters():
        if parameter.dim() == 2:
            nn.init.xavier_uniform_(parameter)
    spread(model)
    x = torch.randn(B, T, D, requires_grad=True)
    memory = torch.randn(B, S, D, requires_grad=True)
    probe = torch.randn(sum(LENGTHS), D)
    causal = nn.Transformer.generate_square_subsequent_mask(T)
    out = model(x, memory, tgt_mask=causal, memory_key_padding_mask=padding(MEMORY_LENGTHS, S))
    out = packed(out, LENGTHS)
    (out * probe).sum().backward()
    tensors = {"x": packed(x, LENGTHS), "memory": packed(memory, MEMORY_LENGTHS), "probe": probe,
               "out": out, "x.grad": packed(x.grad, LENGTHS),
               "memory.grad": packed(memory.grad, MEMORY_LENGTHS)}
    tensors |= stack(model, True)
    tensors |= {f"{key}.grad": value for key, value in stack(model, True, True).items()}
    return {f"decoder.{key}": value for key, value in tensors.items()}


def rotary():
    d = D // H
    learned = {"stack.0.attention.qkv.weight": torch.randn(D, 3 * D) * 0.4,
               "stack.0.attention.out.weight": torch.randn(D, D) * 0.4,
               "stack.0.feed_forward.up.weight": torch.randn(D, 2 * F) * 0.4,
               "stack.0.feed_forward.down.weight": torch.randn(F, D) * 0.4,
               "stack.0.attention_norm.weight": torch.rand(D) + 0.5,
               "stack.0.feed_forward_norm.weight": torch.rand(D) + 0.5,
               "stack.norm.weight": torch.rand(D) + 0.5}
    for value in learned.values():
        value.requires_grad_()
    x = torch.randn(B, T, D, requires_grad=True)
    probe = torch.randn(sum(LENGTHS), D)

    def rms(x, name):
        return x / torch.sqrt(x.square().mean(-1, keepdim=True) + 1e-6) * learned[name + ".weight"]

    def turned(x):  # [B, H, T, d]; pairs (i, i + d / 2), one after the other
        out = torch.empty_like(x)
        for t in range(T):
            for i in range(d // 2):
                angle = t / 10000 ** (2 * i / d)
                a, b = x[:, :, t, i], x[:, :, t, i + d // 2]
                out[:, :, t, i] = a * math.cos(angle) - b * math.sin(angle)
                out[:, :, t, i + d // 2] = a * math.sin(angle) + b * math.cos(angle)
        return out

    y = rms(x, "stack.0.attention_norm") @ learned["stack.0.attention.qkv.weight"]
    q, k, v = (part.view(B, T, H, d).transpose(1, 2) for part in y.chunk(3, -1))
    scores = turned(q) @ turned(k).transpose(2, 3) / math.sqrt(d)
    scores = scores.masked_fill(torch.ones(T, T).triu(1).bool(), -math.inf)
    seen = (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(B, T, D)
    z = x + seen @ learned["stack.0.attention.out.weight"]
    gate, up = (rms(z, "stack.0.feed_forward_norm")
                @ learned["stack.0.feed_forward.up.weight"]).chunk(2, -1)
    z = z + (nn.functional.silu(gate) * up) @ learned["stack.0.feed_forward.down.weight"]
    out = packed(rms(z, "stack.norm"), LENGTHS)
    (out * probe).sum().backward()
    tensors = {"x": packed(x, LENGTHS), "probe": probe, "out": out,
               "x.grad": packed(x.grad, LENGTHS)}
    tensors |= {key: value.unsqueeze(0) for key, value in learned.items()}
    tensors |= {f"{key}.grad": value.grad.unsqueeze(0) for key, value in learned.items()}
    return {f"rotary.{key}": value for key, value in tensors.items()}


def sinusoid():
    rows = [[t / 10000 ** (2 * i / D) for i in range(D // 2)] for t in range(7)]
    angles = torch.tensor(rows)
    return {"sinusoid": torch.cat([angles.sin(), angles.cos()], 1)}


def main():
    torch.manual_seed(7)
    torch.set_default_dtype(torch.float64)
    tensors = {"lengths": torch.tensor(LENGTHS), "memory_lengths": torch.tensor(MEMORY_LENGTHS)}
    tensors |= encoder("pre", True, "relu") | encoder("post", False, "gelu")
    tensors |= decoder() | rotary() | sinusoid()
    save(Path(__file__).with_suffix(".safetensors"), tensors)


if __name__ == "__main__":
    main()
