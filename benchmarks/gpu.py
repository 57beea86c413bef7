"""Transformers and sparse experts on a GPU, beside PyTorch's, as a page.

    cmake --preset cuda && cmake --build build-cuda --target moestro_bench_transformer moestro_bench_dispatch
    python benchmarks/gpu.py > docs/performance-gpu.md

Ours and theirs run turn by turn in one run. Takes about six minutes; most of it is torch.compile.
"""

import argparse
import datetime
import statistics
import sys

from programs import Programs, say
from tables import heading, ratio, table, text

PRECISIONS = ["float32", "bfloat16"]
SIZES = {"256/256": "width 256, 256 sentences", "256/1024": "width 256, 1,024 sentences",
         "1024/256": "width 1,024, 256 sentences"}
STEPS = {"encoder": "encoder", "even": "encoder, even lengths", "translator": "translator",
         "mixture": "translator, 2 of 4 experts"}
PEERS = ["eager", "compiled", "grouped_mm"]
WAYS = ["grouped", "looped", "padded"]


def spread(values):
    """The median of the rounds, and how far they lie apart: steps on a card are short."""
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def card():
    import torch
    if not torch.cuda.is_available():
        sys.exit("error: python's torch finds no CUDA device")
    return f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"


class Results:
    """Work -> contestant -> the medians of the rounds, in ms; and what is told once."""

    def __init__(self):
        self.ms, self.operations, self.failed, self.products, self.dispatch = {}, {}, {}, {}, {}
        self.torch = self.context = None

    def add_ours(self, report):
        self.context = report.context
        for name, runs in report.runs.items():
            if name.endswith("/product"):
                rates = self.products.setdefault(name.split("/")[1], [])
                rates += [run["operations/s"] for run in runs]
                continue
            self.ms.setdefault(name, {}).setdefault("ours", []).extend(report.times(name))
            self.operations[name] = runs[0]["operations"]

    def add_peer(self, work, answer):
        self.torch = answer["torch"]
        for name, run in answer["programs"].items():
            if "failed" in run:
                self.failed[f"{work}: {name}"] = run["failed"]
            else:
                self.ms[work].setdefault(name, []).append(statistics.median(run["ms"]))

    def add_dispatch(self, report):
        for name in report.runs:
            way, place = name.split("/", 1)
            self.dispatch.setdefault(place, {}).setdefault(way, []).extend(report.times(name))

    def best(self, work):
        """The times of the fastest peer."""
        peers = [times for name, times in self.ms[work].items() if name != "ours"]
        return min(peers, key=statistics.median, default=None)

    def limit(self, work):
        """Operations over the card's product rate, in ms."""
        return 1e3 * self.operations[work] / statistics.median(self.products[work.split("/")[1]])


def measure(programs, flags):
    results = Results()
    chosen = f"^cuda/({'|'.join(flags.precision)})/"
    with programs.peer("transformer", f"--seconds={flags.seconds}",
                       f"--compiled={flags.compiled}") as peer:
        for turn in range(flags.rounds):
            say(f"round {turn + 1} of {flags.rounds}: ours")
            report = programs.ours("transformer", chosen, flags.seconds)
            results.add_ours(report)
            for work in [name for name in report.runs if not name.endswith("/product")]:
                say(f"round {turn + 1} of {flags.rounds}: PyTorch, {work}")
                results.add_peer(work, peer.measure(work))
            say(f"round {turn + 1} of {flags.rounds}: dispatch")
            ways = f"^({'|'.join(WAYS)})/({'|'.join(flags.precision)})/"
            results.add_dispatch(programs.ours("dispatch", ways, flags.seconds / 2))
    return results


def opening(results, flags):
    heading("Performance on a GPU", 1)
    text("Made by `python benchmarks/gpu.py > docs/performance-gpu.md`; not edited by hand. Ours "
         "and theirs run turn by turn in", "one run; every step ends with a wait for the card.")
    rates = ", ".join(f"{statistics.median(rate) / 1e12:.0f} TFLOP/s in {precision}"
                      for precision, rate in results.products.items())
    text(f"- Device: {flags.card}. A product of 8,192 x 8,192 matrices in this run: {rates} (no TF32).",
         f"- Versions: Moestro {results.context['moestro']} on LibTorch "
         f"{results.context['libtorch']}, PyTorch {results.torch}.",
         f"- Date: {datetime.date.today()}. Command: `{flags.command}`, {flags.rounds} rounds.")


def show_steps(results, flags):
    heading("Training steps of Transformers")
    text("Forward, loss and backward pass, in ms (median of the rounds, least - most). 4 encoder "
         "blocks on texts of 4 to 40 (or", "all 40) tokens, 3 + 3 blocks of a translator on pairs "
         "of 5 to 31; feed-forward layers 4 times the width, 8,000 word", "pieces. PyTorch's are "
         "`nn.TransformerEncoder` and `nn.Transformer` with their fused attention on padded "
         "batches", "(`benchmarks/peers/transformer.py`); ours computes no padding but in "
         "attention. In the mixture every feed-forward layer is 4", "experts of half its width, 2 "
         "a token: *eager* is a loop over experts, *grouped_mm* sorts rows for "
         "`torch._grouped_mm`; both", "compute padding, too.")
    text("Both keep float32 weights. In bfloat16 ours casts the token vectors once, and weights, "
         "norms and products follow;", "PyTorch's run under `torch.autocast`, which leaves norms "
         "and sums in float32. The loss is float32 in both.", "*Limit* is what the products must "
         "compute without padding at the rate of the large product above.")
    for precision in flags.precision:
        rows = []
        for size, words in SIZES.items():
            for step, name in STEPS.items():
                work = f"cuda/{precision}/{size}/{step}"
                times = results.ms[work]
                best, limit = results.best(work), results.limit(work)
                rows.append([f"{name}, {words}", spread(times["ours"]),
                             *(spread(times[peer]) if peer in times else "" for peer in PEERS),
                             ratio(best, times["ours"]) if best else "", f"{limit:.2f}",
                             f"{statistics.median(times['ours']) / limit:.1f}x"])
        heading(precision, 3)
        table(["step", "ours", *PEERS, "best / ours", "limit", "ours / limit"], rows)
    if results.failed:
        text("What did not run:")
        text(*[f"- `{name}`: {why}" for name, why in results.failed.items()])


def show_dispatch(results):
    heading("Sparse experts: ways to multiply sorted rows")
    text("SwiGLU experts, forward and backward pass, in ms: *grouped* is `at::_grouped_mm` with the "
         "ends of the experts' rows on", "the card, *looped* a product an expert after one read of "
         "the ends, *padded* a batched product over as many rows an expert", "as the fullest has "
         "(`benchmarks/dispatch.cpp`). translator: D 256, F 512, E 4, k 2, 4,608 tokens; language: "
         "D 1024,", "F 2048, E 8, k 2, 16,384; many: D 1024, F 512, E 64, k 4, 8,192.")
    rows = []
    for place, ways in results.dispatch.items():
        best = min(WAYS, key=lambda way: statistics.median(ways[way]))
        rows.append([place, *(spread(ways[way]) for way in WAYS), best])
    table(["work", *WAYS, "fastest"], rows)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--precision", default=",".join(PRECISIONS), metavar="PRECISIONS")
    parser.add_argument("--compiled", default="1024/256", metavar="WORDS",
                        help="torch.compile only for works whose name holds one of these; "
                             "half a minute each")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each program")
    parser.add_argument("--seconds", type=float, default=.4, help="for one work in one turn")
    parser.add_argument("--build", default="build-cuda", help="the build folder")
    flags = parser.parse_args()
    flags.precision = flags.precision.split(",")
    if unknown := [name for name in flags.precision if name not in PRECISIONS]:
        parser.error(f"no precision {', '.join(unknown)}; there are {', '.join(PRECISIONS)}")
    flags.card = card()
    flags.command = " ".join(["python benchmarks/gpu.py", *sys.argv[1:]])
    return flags


def main():
    flags = arguments()
    results = measure(Programs(flags.build, None), flags)
    say("")
    opening(results, flags)
    show_steps(results, flags)
    show_dispatch(results)


if __name__ == "__main__":
    main()
