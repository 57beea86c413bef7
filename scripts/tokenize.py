#!/usr/bin/env python3
"""Turns texts into the token ids of a pre-trained model.

    scripts/tokenize.py TOKENIZER TEXTS --out IDS.safetensors [--longest N]
                        [--labels classes|values]

TOKENIZER is the model's folder, or its tokenizer.json. TEXTS has one text a line in UTF-8 (.gz is
unpacked); an empty line is a text of the special tokens alone. A text of more than --longest tokens
is cut there; left out, it is what the folder's sentence_bert_config.json says, or no text is.
IDS.safetensors holds "ids" (int32, text behind text) and "offsets" (int64, where each text begins
and where the last ends), and in its metadata the size of the vocabulary; then

    moestro predict MODEL --data IDS.safetensors --out VECTORS.safetensors

With --labels a line is a label, a tab, and a text. The labels are "targets": classes (int64, numbered
in the order of their names, which stand in the metadata) or values (float32); then a recipe can train
on them (data.format = "ids").

Needs the packages of scripts/requirements.txt.
"""

import argparse
import gzip
import json
import os
import struct
import sys
import zlib
from pathlib import Path

try:
    import numpy as np
    from tokenizers import Tokenizer
except ImportError as missing:
    sys.exit(f"error: {missing}; expected the packages of scripts/requirements.txt")

TEXTS_AT_ONCE = 4096


def longest_of(path):
    """As sentence-transformers has it; None: any."""
    file = path / "sentence_bert_config.json"
    try:
        return json.loads(file.read_text()).get("max_seq_length") if path.is_dir() else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError) as error:
        sys.exit(f"error: {file}: {error}")


def tokenizer_of(path, longest):
    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        sys.exit(f"error: {file}: no such file; expected a tokenizer.json, or its folder")
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the package has no narrower type
        sys.exit(f"error: {file}: {error}; expected a tokenizer of the tokenizers package")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if longest is None:
        longest = longest_of(path)
    if longest is not None:
        least = tokenizer.num_special_tokens_to_add(False) + 1
        if longest < least:
            sys.exit(f"error: --longest {longest}; expected at least {least}: a word and the "
                     "special tokens")
        tokenizer.enable_truncation(max_length=longest)
    return tokenizer


def read_texts(path):
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError, zlib.error) as error:
        sys.exit(f"error: {path}: {getattr(error, 'strerror', None) or error}")
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    if not lines:
        sys.exit(f"error: {path}: no lines; expected one text a line")
    for number, line in enumerate(lines, 1):
        try:
            yield line.removesuffix(b"\r").decode()
        except UnicodeDecodeError as error:
            sys.exit(f"error: {path}:{number}: byte {error.start + 1} is no UTF-8")


def split_labels(path, lines):
    labels, texts = [], []
    for number, line in enumerate(lines, 1):
        label, tab, text = line.partition("\t")
        if not tab or not label.strip():
            sys.exit(f"error: {path}:{number}: expected a label, a tab, and a text")
        labels.append(label.strip())
        texts.append(text)
    return labels, texts


def targets_of(path, labels, kind):
    """The targets, and of classes their names."""
    if kind == "classes":
        names = sorted(set(labels))
        return np.array([names.index(label) for label in labels], np.int64), names
    try:
        values = np.array([float(label) for label in labels], np.float32)
    except ValueError as error:
        sys.exit(f"error: {path}: {error}; expected numbers before the tabs")
    if not np.isfinite(values).all():
        sys.exit(f"error: {path}: a label that is not finite; expected numbers")
    return values, None


def write(path, tensors, metadata):
    """Whole, or not at all."""
    kinds = {np.dtype(np.int32): "I32", np.dtype(np.int64): "I64", np.dtype(np.float32): "F32"}
    header, begin = {"__metadata__": metadata}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": kinds[array.dtype], "shape": list(array.shape),
                        "data_offsets": [begin, begin + array.nbytes]}
        begin += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    part = path.with_name(path.name + ".part")
    try:
        with open(part, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for array in tensors.values():
                file.write(array.tobytes())
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        sys.exit(f"error: {path}: {error.strerror}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--longest", type=int)
    parser.add_argument("--labels", choices=["classes", "values"])
    options = parser.parse_args()
    tokenizer = tokenizer_of(options.tokenizer, options.longest)
    texts = list(read_texts(options.texts))
    metadata = {"vocabulary": str(tokenizer.get_vocab_size())}
    targets = {}
    if options.labels:
        labels, texts = split_labels(options.texts, texts)
        targets["targets"], names = targets_of(options.texts, labels, options.labels)
        if names:
            metadata["class_names"] = json.dumps(names)
    ids, lengths = [], []
    for first in range(0, len(texts), TEXTS_AT_ONCE):
        for encoding in tokenizer.encode_batch(texts[first:first + TEXTS_AT_ONCE]):
            ids.extend(encoding.ids)
            lengths.append(len(encoding.ids))
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    # The wider numbers first, so that all are aligned.
    tensors = {"offsets": offsets, "ids": np.array(ids, np.int32)} | targets
    write(options.out, dict(sorted(tensors.items(), key=lambda item: -item[1].itemsize)), metadata)
    print(f"{options.out}: {len(lengths)} texts, {len(ids)} tokens", file=sys.stderr)


if __name__ == "__main__":
    main()
