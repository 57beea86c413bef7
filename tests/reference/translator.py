"""Writes translator.safetensors beside itself: a small Transformer that translates, as a plain
program of PyTorch in float64, with inputs, weights under our names, logits, gradients, and what a
beam search without a cache finds.

Usage: translator.py
"""
import math
from pathlib import Path

import torch
from torch import nn

from transformer import packed, padding, save, spread, stack

V, D, H, F, LONGEST = 11, 8, 2, 12, 9
BEGIN, END = 1, 2
SOURCES = [[3, 4, 5, 6, 7], [8, 9], [10, 3, 8]]
TARGETS = [[BEGIN, 5, 6], [BEGIN, 7, 8, 9, 10], [BEGIN]]
SEARCHES = [(1, 0.0), (3, 1.0), (4, 0.6)]  # beam, length penalty


def padded(lists):
    longest = max(map(len, lists))
    return torch.tensor([ids + [0] * (longest - len(ids)) for ids in lists])


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Parameter(torch.randn(V, D) * 0.5)
        one = {"batch_first": True, "norm_first": True, "dropout": 0.0, "activation": "relu"}
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(D, H, F, **one), 2,
                                             nn.LayerNorm(D), enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(D, H, F, **one), 2,
                                             nn.LayerNorm(D))

    def embed(self, ids):
        places = torch.arange(ids.shape[1]).double().unsqueeze(1)
        angles = places / 10000 ** (2 * torch.arange(D // 2).double() / D)
        return self.tokens[ids] * math.sqrt(D) + torch.cat([angles.sin(), angles.cos()], 1)

    def forward(self, sources, targets):
        source, target = padded(sources), padded(targets)
        hidden = padding([len(ids) for ids in sources], source.shape[1])
        memory = self.encoder(self.embed(source), src_key_padding_mask=hidden)
        causal = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        out = self.decoder(self.embed(target), memory, tgt_mask=causal,
                           memory_key_padding_mask=hidden)
        return out @ self.tokens.t()

    def next(self, source, tokens):
        return self([source], [[BEGIN, *tokens]])[0, -1].log_softmax(0)


def search(model, source, beam, penalty):
    running, best, ended = [([], 0.0)], ([], -math.inf), 0
    for length in range(1, LONGEST + 1):
        candidates = []
        for tokens, score in running:
            scores = model.next(source, tokens)
            for token in range(V):
                if length < LONGEST or token == END:
                    candidates.append((score + scores[token].item(), tokens, token))
        candidates.sort(key=lambda candidate: -candidate[0])
        running = []
        for rank, (score, tokens, token) in enumerate(candidates[:2 * beam]):
            if len(running) == beam:
                break
            if token != END:
                running.append((tokens + [token], score))
            elif rank < beam:
                ended += 1
                if score / length ** penalty > best[1]:
                    best = (tokens, score / length ** penalty)
        if ended >= beam or not running:
            break
    return best


def train(model):
    """A little, to turn sentences round: what is searched in is then neither flat nor one token."""
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(250):
        sources = [torch.randint(3, V, (int(torch.randint(1, 6, ())),)).tolist()
                   for _ in range(16)]
        wanted = [ids[::-1] + [END] for ids in sources]
        logits = model(sources, [[BEGIN, *ids[:-1]] for ids in wanted])
        loss = nn.functional.cross_entropy(packed(logits, [len(ids) for ids in wanted]),
                                           torch.tensor([token for ids in wanted for token in ids]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    optimiser.zero_grad()


def main():
    torch.manual_seed(3)
    torch.set_default_dtype(torch.float64)
    model = Model()
    for parameter in model.parameters():
        if parameter.dim() == 2:
            nn.init.normal_(parameter, 0, 0.5)
    spread(model)
    train(model)
    logits = packed(model(SOURCES, TARGETS), [len(ids) for ids in TARGETS])
    probe = torch.randn_like(logits)
    (logits * probe).sum().backward()

    def named(grad):
        tokens = model.tokens.grad if grad else model.tokens
        tensors = {"embeddings.tokens": tokens.unsqueeze(0)}
        for side, cross in ((model.encoder, False), (model.decoder, True)):
            name = "decoder" if cross else "encoder"
            tensors |= {key.replace("stack", name, 1): value
                        for key, value in stack(side, cross, grad).items()}
        return tensors

    def flat(lists):
        return torch.tensor([token for ids in lists for token in ids], dtype=torch.int64)

    def lengths(lists):
        return torch.tensor([len(ids) for ids in lists])

    tensors = {"source": flat(SOURCES), "source_lengths": lengths(SOURCES),
               "target": flat(TARGETS), "target_lengths": lengths(TARGETS),
               "logits": logits, "probe": probe}
    tensors |= named(False) | {f"{key}.grad": value for key, value in named(True).items()}
    with torch.no_grad():
        for i, (beam, penalty) in enumerate(SEARCHES):
            found = [search(model, source, beam, penalty) for source in SOURCES]
            print(beam, penalty, found)
            tensors[f"search.{i}.tokens"] = flat([tokens for tokens, _ in found])
            tensors[f"search.{i}.lengths"] = lengths([tokens for tokens, _ in found])
            tensors[f"search.{i}.scores"] = torch.tensor([score for _, score in found])
    save(Path(__file__).with_suffix(".safetensors"), tensors)


if __name__ == "__main__":
    main()
