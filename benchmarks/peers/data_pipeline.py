"""Batches a second of PyTorch's loader on a made-up set as large as MNIST.

The straightforward program: a TensorDataset of uint8 images, a shuffling DataLoader with one worker
that prepares batches ahead, each batch normalised as it arrives.

    python benchmarks/peers/data_pipeline.py loader
"""

import sys
import time

import torch
from torch.utils.data import DataLoader, TensorDataset

from rounds import serve

ROWS, BATCH = 60_000, 512


def epochs(_):
    torch.manual_seed(0)
    images = torch.randint(256, (ROWS, 1, 28, 28), dtype=torch.uint8)
    labels = torch.randint(10, (ROWS,))
    loader = DataLoader(TensorDataset(images, labels), BATCH, shuffle=True, num_workers=1,
                        persistent_workers=True)
    rates = []
    for _ in range(3):
        start, batches = time.perf_counter(), 0
        for x, _ in loader:
            x = (x.float() / 255 - .5) / .3
            batches += 1
        rates.append(batches / (time.perf_counter() - start))
    return {"batches/s": rates[1:]}  # the first epoch starts the worker


if __name__ == "__main__":
    serve(sys.argv[1:], epochs)
