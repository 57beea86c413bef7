#!/usr/bin/env python3
"""Compares sentence vectors of `moestro predict` with sentence-transformers' own.

    experiments/text/check_vectors.py MODEL TEXTS VECTORS.safetensors [--most 1e-5]

TEXTS has one text a line; the vectors are those of its token ids (scripts/tokenize.py). Prints the
largest difference, and ends with 1 where that exceeds --most. Needs the packages of
scripts/requirements-bench.txt (`scripts/setup bench`).
"""

import argparse
import sys
from pathlib import Path

from safetensors.numpy import load_file
from sentence_transformers import SentenceTransformer


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("texts", type=Path)
    parser.add_argument("vectors", type=Path)
    parser.add_argument("--most", type=float, default=1e-5)
    options = parser.parse_args()
    texts = options.texts.read_text().removesuffix("\n").split("\n")
    ours = load_file(options.vectors)["embeddings"]
    if len(ours) != len(texts):
        sys.exit(f"error: {options.vectors}: {len(ours)} vectors; expected {len(texts)}, one a line "
                 f"of {options.texts}")
    theirs = SentenceTransformer(options.model, device="cpu").encode(texts,
                                                                     normalize_embeddings=True)
    difference = abs(ours - theirs).max()
    print(f"{len(texts)} texts: largest difference {difference:.2g}, "
          f"least cosine {(ours * theirs).sum(1).min():.7f}")
    sys.exit(0 if difference <= options.most else 1)


if __name__ == "__main__":
    main()
