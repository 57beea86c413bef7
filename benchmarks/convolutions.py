"""Ways to convolve with E experts at once on a GPU: each layer, each block, the whole training step;
and beside them ours: our kernels, and our training step, which also gathers, augments and records.

    python3 benchmarks/convolutions.py --program build/moestro --csv benchmarks/results/convolutions.csv \
        > docs/performance-convolutions.md
    python3 benchmarks/convolutions.py --check     (small shapes on the CPU: values and gradients)

prints tables as Markdown and stores every number; the program trains on CIFAR-100, which it must find,
and beside it lies benchmarks/moestro_bench_convolutions, which times our own blocks.
Networks and batch are those of recipes/cifar-100.toml with a softmax gate, the images random. The ways:

    loop       a convolution an expert, one after the other: what a plain program does
    streams    the same on several CUDA streams
    grouped    one convolution, a group an expert; the first layer, where all experts see the same
               pixels, is an ordinary one with the channels of all
    grouped by N   a group holds N experts: kernels with zeros between them, N times the operations
    unfold     patches are copied out for one batched product; backward, the products of gradients
               are summed back into images
    unfold twice   backward, patches of the gradients are copied out, too
    winograd2  F(2x2, 3x3): transforms around one batched product over experts and tiles
    winograd4  F(4x4, 3x3); in float32 only

.last: channels last in memory, as unfold and winograd always have them. A convolution is timed alone,
and as a block with bias or batch norm, ReLU and pooling; forward and backward pass, eager and replayed
from a CUDA graph. cuDNN chooses its kernels by measurement. Weights are float32, cast in each pass.
"""

import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib

import torch

from convolution_page import OUR_LAYERS, OURS, RUNS, opening, show
from convolution_steps import Setting, answers, layer_step, training_step
from convolution_ways import GROUPED, LOOP, WAYS
from programs import Programs, say

RECIPE = pathlib.Path(__file__).resolve().parents[1] / "recipes" / "cifar-100.toml"
PRECISIONS = {"float32": torch.float32, "tf32": torch.float32, "bfloat16": torch.bfloat16}
COLUMNS = ["part", "layer", "way", "precision", "run", "ms", "gflop", "mbytes", "limit_ms", "share",
           "error", "note"]


def use(precision):
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"


def captured(step):
    """A call that replays the step; kernels are chosen and memory is taken before it is captured."""
    side, main = torch.cuda.Stream(), torch.cuda.current_stream()
    side.wait_stream(main)
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    main.wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def milliseconds(step, setting):
    """The median of five rounds, each of which ends with a wait for the device."""
    def seconds_of(count):
        setting.wait()
        start = time.perf_counter()
        for _ in range(count):
            step()
        setting.wait()
        return (time.perf_counter() - start) / count

    seconds_of(2)
    count = max(1, int(setting.seconds / 5 / seconds_of(1)))
    return 1e3 * statistics.median(seconds_of(count) for _ in range(5))


def relative_error(tensors, reference):
    """The largest |a - b| over the largest |b|, of the worst pair."""
    return max(((a.double() - b.double()).abs().max() / b.double().abs().max()).item()
               for a, b in zip(tensors, reference, strict=True))


class Results:
    """Rows of the CSV file, written as they come, and what the tables look up in them."""

    def __init__(self, setting, path):
        self.setting, self.rows, self.rates, self.bandwidth, self.writer = setting, [], {}, 1, None
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = path.open("w", newline="", buffering=1)
            self.writer = csv.DictWriter(self.file, COLUMNS, lineterminator="\n")
            self.writer.writeheader()

    def add(self, work, ms, operations=0, moved=0, error=None, note=""):
        rate = self.rates.get(work["precision"], float("inf"))
        row = work | {"ms": ms, "gflop": operations / 1e9, "mbytes": moved / 1e6, "error": error,
                      "limit_ms": 1e3 * max(operations / rate, moved / self.bandwidth),
                      "share": 1e3 * operations / ms / rate if ms else None, "note": note}
        self.rows.append(row)
        if self.writer:
            self.writer.writerow({key: f"{value:.4g}" if isinstance(value, float) else value
                                  for key, value in row.items()})

    def measure(self, work, make_step, *facts):
        """Eager and in a graph; what fails is a row with the reason."""
        for run in RUNS[self.setting.device]:
            ms, note = None, ""
            try:
                step = make_step()
                ms = milliseconds(captured(step) if run == "graph" else step, self.setting)
            except RuntimeError as error:
                note = str(error).splitlines()[0]
            self.add(work | {"run": run}, ms, *facts, note)
            say(" ".join(work.values()) + f", {run}")

    def ms(self, **wanted):
        for row in self.rows:
            if row["ms"] and wanted.items() <= row.items():
                return row["ms"]
        return float("inf")

    def fastest(self, layer, precision, ways):
        return min(ways, key=lambda way: self.ms(part="block", layer=layer, precision=precision,
                                                 way=way.name, run=RUNS[self.setting.device][-1]))


def measure_rates(setting, results, precisions):
    """Of a large product in each precision, and of a large copy."""
    width = 8192 if setting.device == "cuda" else 512
    for precision in precisions:
        use(precision)
        a = setting.random(width, width).to(PRECISIONS[precision])
        ms = milliseconds(lambda: a @ a, setting)
        results.rates[precision] = 2e3 * width**3 / ms
        results.add(named("rate", "", "product", precision), ms, 2 * width**3)
    source = setting.random(width, width, 4)
    target = torch.empty_like(source)
    ms = milliseconds(lambda: target.copy_(source), setting)
    results.bandwidth = 2e3 * source.nbytes / ms
    results.add(named("rate", "", "copy", "float32"), ms, 0, 2 * source.nbytes)


def named(part, layer, way, precision):
    return {"part": part, "layer": layer, "way": way, "precision": precision, "run": "eager"}


def measure_layers(setting, results, precisions):
    for place, block in enumerate(setting.banks()[0].blocks, 1):
        use("float32")
        reference = answers(layer_step(setting, block, LOOP, torch.float32, whole=False))
        for precision in precisions:
            use(precision)
            kind = PRECISIONS[precision]
            moved = block.numbers(setting.batch) * kind.itemsize
            for way in (way for way in WAYS if way.fits(precision)):
                error = relative_error(answers(layer_step(setting, block, way, kind, False)), reference)
                for whole, part in enumerate(("convolution", "block")):
                    results.measure(named(part, f"conv {place}", way.name, precision),
                                    lambda: layer_step(setting, block, way, kind, whole),
                                    block.operations(setting.batch), moved, error)


def measure_steps(setting, results, precisions):
    banks = setting.banks()
    operations = sum(bank.operations(setting.batch) for bank in banks)
    layers = [f"conv {place}" for place, _ in enumerate(banks[0].blocks, 1)]
    use("float32")
    reference = training_step(setting, [LOOP] * len(layers), torch.float32)[1]()
    for precision in precisions:
        use(precision)
        fitting = [way for way in WAYS if way.fits(precision)]
        unlisted = [way for way in fitting if not way.listed]
        steps = {way.name: [way] * len(layers) for way in fitting}
        for name, ways in ("best", fitting), ("best unlisted", unlisted):
            steps[name] = [results.fastest(layer, precision, ways) for layer in layers]
        for name, ways in steps.items():
            kind = PRECISIONS[precision]
            error = relative_error(training_step(setting, ways, kind)[1](), reference)
            results.measure(named("step", ", ".join(way.name for way in ways), name, precision),
                            lambda: training_step(setting, ways, kind)[0], operations, 0, error)


OUR_PRECISIONS = {"float32": "float32", "bfloat16": "bf16"}


def our_step(program, precision, settings, epochs=3):
    """Milliseconds of a step, the mean of the epochs but the first, in which kernels are chosen."""
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder) / "run"
        command = [program, "train", RECIPE, "--out", run, "--quiet", "--device", "cuda", *settings]
        for setting in ("gate.kind=softmax", "gate.normalise=", f"train.epochs={epochs}",
                        f"train.precision={precision}"):
            command += ["--set", setting]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip() or f"{program} ended with {done.returncode}")
        records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    ends = [record for record in records if record["kind"] == "epoch"]
    steps = ends[-1]["step"] - ends[0]["step"]
    return 1e3 * sum(record["seconds"] for record in ends[1:]) / steps


def our_layers(program, precision, seconds):
    """Milliseconds by part, layer and run."""
    folder = pathlib.Path(program).resolve().parent
    bench = Programs(folder, None).ours("convolutions", f"/{precision}/", seconds)
    times = {}
    for name in bench.runs:
        part, layer, _, run = name.split("/")
        times[part, layer, run] = bench.one(name)["step_ms"]
    return times


def measure_our_layers(setting, results, program, precisions):
    blocks = setting.banks()[0].blocks
    for precision in (name for name in precisions if name in OUR_PRECISIONS):
        kind = PRECISIONS[precision]
        for (part, layer, run), ms in our_layers(program, precision, setting.seconds).items():
            block = blocks[int(layer.split()[1]) - 1]
            results.add(named(part, layer, OUR_LAYERS, precision) | {"run": run}, ms,
                        block.operations(setting.batch), block.numbers(setting.batch) * kind.itemsize)


def measure_ours(setting, results, program, precisions):
    operations = sum(bank.operations(setting.batch) for bank in setting.banks())
    for precision in (name for name in precisions if name in OUR_PRECISIONS):
        for name, settings in OURS.items():
            ms, note = None, ""
            try:
                ms = our_step(program, OUR_PRECISIONS[precision], settings)
            except RuntimeError as error:
                note = str(error).splitlines()[0]
            work = named("step", "", name, precision) | {"run": RUNS[setting.device][-1]}
            results.add(work, ms, operations, note=note)
            say(" ".join(work.values()))


def check():
    """Every way against the loop, in float64: of layers, blocks, and the step's loss and gradients."""
    expert = ["conv 3 3 pad=1", "relu", "maxpool 2", "conv 4 3 pad=1 bias=false", "batchnorm", "relu",
              "maxpool 2", "linear 5", "relu", "linear classes"]
    setting = Setting("cpu", {"data": {"batch": 4}, "expert": {"count": 3, "layers": expert},
                              "gate": {"layers": [*expert[:-1], "linear experts"]}}, side=8)
    errors = {}
    for way in WAYS:
        for place, block in enumerate(setting.banks()[0].double().blocks, 1):
            for whole, part in enumerate(("convolution", "block")):
                errors[f"{way.name}, {part} {place}"] = relative_error(
                    *(answers(layer_step(setting, block, each, torch.float64, whole))
                      for each in (way, LOOP)))
        errors[f"{way.name}, step"] = relative_error(
            *(training_step(setting, [each] * 2, torch.float64)[1]() for each in (way, LOOP)))
    mixed = training_step(setting, [GROUPED, WAYS[3]], torch.float64)[1]()
    errors["mixed, step"] = relative_error(mixed, training_step(setting, [LOOP] * 2, torch.float64)[1]())
    wrong = {name: error for name, error in errors.items() if not error < 1e-9}
    for name, error in wrong.items():
        print(f"error: {name}: {error:.1e} from the loop")
    print(f"{len(errors) - len(wrong)} of {len(errors)} agree with the loop")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=RUNS, default="cuda")
    parser.add_argument("--precision", metavar="PRECISIONS",
                        help=f"of {','.join(PRECISIONS)}; a CPU has no tf32")
    parser.add_argument("--seconds", type=float, default=.15, help="for one measurement")
    parser.add_argument("--batch", type=int, help="the recipe's if left out")
    parser.add_argument("--experts", type=int, help="the recipe's if left out")
    parser.add_argument("--csv", type=pathlib.Path, metavar="FILE", help="every number, as it comes")
    parser.add_argument("--program", metavar="FILE", help="our program, for its own step")
    parser.add_argument("--check", action="store_true", help="only whether all ways agree, on the CPU")
    flags = parser.parse_args()
    if flags.check:
        sys.exit(check())
    if flags.device == "cuda" and not torch.cuda.is_available():
        sys.exit("error: python's torch finds no CUDA device; there is --device cpu")
    recipe = tomllib.loads(RECIPE.read_text())
    recipe["data"]["batch"] = flags.batch or recipe["data"]["batch"]
    recipe["expert"]["count"] = flags.experts or recipe["expert"]["count"]
    had = [name for name in PRECISIONS if flags.device == "cuda" or name != "tf32"]
    precisions = flags.precision.split(",") if flags.precision else had
    if unknown := [name for name in precisions if name not in had]:
        parser.error(f"no precision {', '.join(unknown)}; there are {', '.join(had)}")
    setting = Setting(flags.device, recipe, flags.seconds)
    results = Results(setting, flags.csv)
    measure_rates(setting, results, precisions)
    measure_layers(setting, results, precisions)
    measure_steps(setting, results, precisions)
    if flags.program:
        measure_our_layers(setting, results, flags.program, precisions)
        measure_ours(setting, results, flags.program, precisions)
    say("")
    opening(results)
    show(results, precisions)


if __name__ == "__main__":
    main()
