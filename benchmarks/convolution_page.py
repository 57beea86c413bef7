"""What benchmarks/convolutions.py prints of its rows."""

import datetime
import sys

import torch

from convolution_ways import WAYS
from tables import heading, table, text

RUNS = {"cuda": ["eager", "graph"], "cpu": ["eager"]}
OUR_LAYERS = "ours"
# Our own steps: what the program is told.
OURS = {"ours, replayed": [], "ours, launched anew": ["--set", "train.capture=false"]}


def show(results, precisions):
    layers = list(dict.fromkeys(row["layer"] for row in results.rows if row["part"] == "block"))
    for precision in precisions:
        heading(precision)
        text("In ms, eager / in a CUDA graph: the convolution alone, then the block. *Limit*: the larger "
             "of operations over the rate of", "the large product and of bytes over the bandwidth of the "
             "large copy. *Share* is of the rate, *error* the largest of the", "layers against the loop in "
             "float32, of outputs or gradients. *Ours* is what `moestro train` runs, timed by a program of its",
             "own; its errors are looked at in its tests. (It never runs conv 1 alone, which cuDNN computes here.)")
        rows = [[way.name, *(cell(results, part=part, layer=layer, way=way.name, precision=precision)
                             for layer in layers for part in ("convolution", "block")),
                 error_of(results, way.name, precision)]
                for way in WAYS if way.fits(precision)]
        if any(row["way"] == OUR_LAYERS for row in results.rows):
            rows.append([f"**{OUR_LAYERS}**",
                         *(cell(results, part=part, layer=layer, way=OUR_LAYERS, precision=precision)
                           for layer in layers for part in ("convolution", "block")), ""])
        limits = [limit for layer in layers for limit in (limit_of(results, layer, precision), "")]
        table(["way", *(head for layer in layers for head in (layer, "block")), "error"],
              [*rows, ["limit", *limits, ""]])
        run = RUNS[results.setting.device][-1]
        base = [results.ms(part="step", way="loop", precision=precision, run=each)
                for each in (RUNS[results.setting.device][0], run)]
        rows = []
        for row in results.rows:
            if (row["part"], row["precision"], row["run"]) == ("step", precision, run) and row["ms"]:
                rows.append([row["way"], cell(results, part="step", way=row["way"], precision=precision),
                             *(f"{ms / row['ms']:.2f}x" for ms in base), f"{100 * row['share']:.0f} %",
                             f"{row['error']:.1e}" if row["error"] is not None else "",
                             row["layer"] if "best" in row["way"] else ""])
        text(f"A whole step: forward and backward pass and Adam over experts and gate of the same images, in "
             f"ms. *Loop* is the plain program,", "eager or in a CUDA graph. Operations alone would take "
             f"{whole_limit(results, precision):.2f} ms at the rate of the large product, the convolutions",
             f"{sum(limit_ms(results, layer, precision) for layer in layers):.2f} ms by the larger of "
             "operations and bytes. *Best* takes the fastest way of each layer, *unlisted* of those that keep",
             "all experts in one tensor." + (" *Ours* is a step of `moestro train`, with gathering, augmenting "
                                             "and recording." if timed_ours(results) else ""))
        table(["whole step", "ms", "eager loop / this", "loop / this", "share", "error", "ways"], rows)
    failed = {f"- {row['way']}, {row['precision']}, {row['part']}, {row['run']}: {row['note']}"
              for row in results.rows if row["note"]}
    if failed:
        text("What did not run:", *sorted(failed))


def opening(results):
    setting = results.setting
    heading("Convolutions of many experts", 1)
    text("Made by `benchmarks/convolutions.py`, whose head says what the ways are; not edited by hand.")
    card = torch.cuda.get_device_name() if setting.device == "cuda" else "CPU"
    rates = ", ".join(f"{rate / 1e12:.3g} TFLOP/s in {name}" for name, rate in results.rates.items())
    text(f"- Device: {card}. A large product in this run: {rates}; a large copy: "
         f"{results.bandwidth / 1e9:.0f} GB/s.",
         f"- {setting.recipe['expert']['count']} experts, batch {setting.batch}. PyTorch "
         f"{torch.__version__}.",
         f"- Date: {datetime.date.today()}. Command: `python3 benchmarks/convolutions.py "
         f"{' '.join(sys.argv[1:])}`.")


def limit_of(results, layer, precision):
    return f"{limit_ms(results, layer, precision):.3f}"


def limit_ms(results, layer, precision):
    wanted = {"part": "block", "layer": layer, "precision": precision}
    return next(row["limit_ms"] for row in results.rows if wanted.items() <= row.items())


def whole_limit(results, precision):
    wanted = {"part": "step", "way": "loop", "precision": precision}
    return next(row["limit_ms"] for row in results.rows if wanted.items() <= row.items())


def cell(results, **wanted):
    times = (results.ms(run=run, **wanted) for run in RUNS[results.setting.device])
    return " / ".join("–" if ms == float("inf") else f"{ms:.3f}" for ms in times)


def error_of(results, way, precision):
    wanted = {"part": "block", "way": way, "precision": precision}
    return f"{max(row['error'] for row in results.rows if wanted.items() <= row.items()):.1e}"


def timed_ours(results):
    return any(row["way"] in OURS for row in results.rows)
