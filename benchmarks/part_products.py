"""The ways to compute linear layers of every expert, shape by shape."""

import statistics

from programs import say
from tables import heading, table, text

WAYS = ["batched", "blocks", "transposed"]


def measure(programs, flags):
    """Shape -> way -> times of the rounds, in ms; and shape -> the way that is taken."""
    times, taken = {}, {}
    for turn in range(flags.rounds):
        say(f"products, round {turn + 1} of {flags.rounds}")
        report = programs.ours("products", ".", flags.seconds / 4)
        for name in report.runs:
            way, shape = name.split("/", 1)
            times.setdefault(shape, {}).setdefault(way, []).extend(report.times(name))
            run = report.one(name)
            taken[shape] = ("blocks" if run["blocks_pay"] else
                            "transposed" if run["narrow"] else "batched")
    return times, taken


def show(result):
    times, taken = result
    heading("Linear layers")
    text("Product, bias and all gradients for E experts, in ms (median of the rounds), in float32: "
         "*batched* is LibTorch's", "`baddbmm`, *blocks* and *transposed* are ours. The last "
         "column says which one a layer of that shape takes.")
    rows = []
    for shape, ways in times.items():
        experts, count, depth, width = map(int, shape.split("/"))
        rows.append([f"E {experts}, {count} rows, {depth} to {width}",
                     *[f"{statistics.median(ways[way]):.2f}" for way in WAYS],
                     taken[shape]])
    table(["layer", *WAYS, "taken"], rows)
