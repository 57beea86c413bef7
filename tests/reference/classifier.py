"""Writes classifier.safetensors beside itself: small Transformers that answer with a class, as
plain programs of PyTorch in float64, with inputs, weights under our names, logits and gradients.

  text.*      token vectors, learned positions, two blocks, norm first, the mean of the tokens
  vit.*       nn.Conv2d as patches, a class token that is pooled, two blocks, norm last
  mixture.*   as text.*, with four experts and a shared one in the place of each feed-forward
              layer, every expert computed for every token and weighted, the weights of all but the
              two best being 0

Usage: classifier.py
"""
from pathlib import Path

import torch
from torch import nn

from transformer import attention, linear, matrix, norm, padding, save, spread, stack

V, D, H, F, C = 13, 8, 2, 12, 3  # vocabulary, width, heads, hidden width, classes
T = 7  # positions
TEXTS = [[1, 4, 9, 12, 2], [1, 2], [1, 7, 7, 2]]
CHANNELS, HEIGHT, WIDTH, PATCH = 2, 6, 9, 3
E, K, EXPERT, SHARED = 4, 2, 5, 6  # experts, of them chosen, hidden width of one and of the shared


def padded(lists, filler):
    longest = max(map(len, lists))
    return torch.tensor([ids + [filler] * (longest - len(ids)) for ids in lists])


class MixtureLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(D, E)
        self.up = nn.Parameter(torch.randn(E, D, EXPERT))
        self.up_bias = nn.Parameter(torch.randn(E, EXPERT))
        self.down = nn.Parameter(torch.randn(E, EXPERT, D))
        self.down_bias = nn.Parameter(torch.randn(E, D))
        self.shared_up, self.shared_down = nn.Linear(D, SHARED), nn.Linear(SHARED, D)
        self.shared_gate = nn.Parameter(torch.randn(D))

    def forward(self, x):  # [B, T, D]
        scores = self.gate(x)
        cut = scores.topk(K, -1).values[..., -1:]
        weights = torch.where(scores >= cut, scores, -torch.inf).softmax(-1)
        hidden = torch.einsum("btd,edf->btef", x, self.up) + self.up_bias
        out = torch.einsum("btef,efd->bted", nn.functional.gelu(hidden), self.down) + self.down_bias
        shared = self.shared_down(nn.functional.gelu(self.shared_up(x)))
        opened = torch.sigmoid(x @ self.shared_gate).unsqueeze(-1)
        return (weights.unsqueeze(-1) * out).sum(2) + opened * shared

    def named(self, name, grad):
        take = (lambda p: p.grad) if grad else (lambda p: p)
        tensors = {f"{name}.experts.up.weight": take(self.up),
                   f"{name}.experts.up.bias": take(self.up_bias),
                   f"{name}.experts.down.weight": take(self.down),
                   f"{name}.experts.down.bias": take(self.down_bias),
                   f"{name}.shared_gate": take(self.shared_gate).view(1, D, 1)}
        return (tensors | linear(f"{name}.gate.0", self.gate, grad)
                | linear(f"{name}.shared.up", self.shared_up, grad)
                | linear(f"{name}.shared.down", self.shared_down, grad))


class MixtureBlock(nn.TransformerEncoderLayer):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        del self.linear1, self.linear2
        self.mixture = MixtureLayer()

    def _ff_block(self, x):
        return self.mixture(x)


class Model(nn.Module):
    def __init__(self, norm_first, mixtures=False):
        super().__init__()
        self.mixtures = mixtures
        kind = {"activation": "gelu", "batch_first": True, "norm_first": norm_first}
        block = nn.TransformerEncoderLayer(D, H, F, 0.0, **kind)
        self.encoder = nn.TransformerEncoder(block, 2, nn.LayerNorm(D) if norm_first else None,
                                             enable_nested_tensor=False)
        if mixtures:
            blocks = [MixtureBlock(D, H, F, 0.0, **kind) for _ in range(2)]
            self.encoder.layers = nn.ModuleList(blocks)
        self.head = nn.Linear(D, C)

    def encoder_tensors(self, grad):
        if not self.mixtures:
            return {key.replace("stack", "encoder", 1): value
                    for key, value in stack(self.encoder, False, grad).items()}
        tensors = norm("encoder.norm", self.encoder.norm, grad)
        for i, block in enumerate(self.encoder.layers):
            name = f"encoder.{i}"
            tensors |= attention(f"{name}.attention", block.self_attn, grad)
            tensors |= norm(f"{name}.attention_norm", block.norm1, grad)
            tensors |= norm(f"{name}.feed_forward_norm", block.norm2, grad)
            tensors |= block.mixture.named(f"{name}.mixture", grad)
        return tensors


class Text(Model):
    def __init__(self, mixtures=False):
        super().__init__(True, mixtures)
        self.tokens = nn.Parameter(torch.randn(V, D))
        self.positions = nn.Parameter(torch.randn(T, D))

    def forward(self, texts):
        ids, lengths = padded(texts, 0), [len(ids) for ids in texts]
        hidden = padding(lengths, ids.shape[1])
        x = self.encoder(self.tokens[ids] + self.positions[:ids.shape[1]],
                         src_key_padding_mask=hidden)
        kept = x.masked_fill(hidden.unsqueeze(-1), 0)
        return self.head(kept.sum(1) / torch.tensor(lengths).unsqueeze(1))

    def named(self, grad):
        take = (lambda p: p.grad) if grad else (lambda p: p)
        return ({"embeddings.tokens": take(self.tokens).unsqueeze(0),
                 "embeddings.positions": take(self.positions).unsqueeze(0)}
                | self.encoder_tensors(grad) | linear("head", self.head, grad))


class Vit(Model):
    def __init__(self):
        super().__init__(False)
        self.patches = nn.Conv2d(CHANNELS, D, PATCH, stride=PATCH)
        self.first = nn.Parameter(torch.randn(D))
        self.positions = nn.Parameter(torch.randn(1 + HEIGHT // PATCH * (WIDTH // PATCH), D))

    def forward(self, images):
        patches = self.patches(images).flatten(2).transpose(1, 2)
        first = self.first.expand(len(images), 1, -1)
        x = self.encoder(torch.cat([first, patches], 1) + self.positions)
        return self.head(x[:, 0])

    def named(self, grad):
        take = (lambda p: p.grad) if grad else (lambda p: p)
        return ({"embeddings.patches.weight": matrix(take(self.patches.weight).flatten(1)),
                 "embeddings.patches.bias": take(self.patches.bias).unsqueeze(0),
                 "embeddings.class": take(self.first).view(1, 1, D),
                 "embeddings.positions": take(self.positions).unsqueeze(0)}
                | self.encoder_tensors(grad) | linear("head", self.head, grad))


def part(name, model, inputs):
    for parameter in model.parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, 0, 0.5)
    spread(model)
    logits = model(inputs)
    probe = torch.randn_like(logits)
    (logits * probe).sum().backward()
    stored = inputs if isinstance(inputs, torch.Tensor) else padded(inputs, -1)
    tensors = {"inputs": stored, "logits": logits, "probe": probe} | model.named(False)
    tensors |= {f"{key}.grad": value for key, value in model.named(True).items()}
    return {f"{name}.{key}": value for key, value in tensors.items()}


def main():
    torch.manual_seed(11)
    torch.set_default_dtype(torch.float64)
    tensors = part("text", Text(), TEXTS)
    tensors |= part("vit", Vit(), torch.randn(3, CHANNELS, HEIGHT, WIDTH))
    tensors |= part("mixture", Text(mixtures=True), TEXTS)
    save(Path(__file__).with_suffix(".safetensors"), tensors)


if __name__ == "__main__":
    main()
