"""The sparse layer beside transformers' and other PyTorch programs."""

import statistics

from programs import say
from tables import Limit, heading, milliseconds, ratio, table, text

SHAPES = {"small": "D 512, F 256, E 16, k 2, 2,048 tokens",
          "large": "D 1024, F 512, E 32, k 4, 4,096 tokens"}
TYPES = ["float32", "bfloat16"]
COLUMNS = {  # load/pass: what it is called, the unit in ms
    "balanced/train": ("even load", 1),
    "skewed/train": ("skewed", 1),
    "crowded/train": ("crowded", 1),
    "balanced/infer": ("even, forward", 1),
    "one-token/infer": ("1 token, us", 1e3),
}
TOKEN = "one-token/infer"


class Work:
    """What was measured of one work: contestant -> the medians of the rounds; what is told once."""

    def __init__(self):
        self.ms, self.facts, self.product, self.read = {}, {}, [], []
        self.operations, self.bytes, self.way = 0, 0, ""

    def add(self, name, times):
        if times:
            self.ms.setdefault(name, []).append(statistics.median(times))

    def best(self, prefix=""):
        """The fastest peer whose name begins so, None if none ran."""
        names = [name for name in self.ms if name != "ours" and name.startswith(prefix)]
        return min(names, key=lambda name: statistics.median(self.ms[name]), default=None)

    def best_block(self):
        """The fastest of transformers' experts."""
        names = [name for name in map(self.best, ("olmoe", "qwen3_moe")) if name]
        return min(names, key=lambda name: statistics.median(self.ms[name]))


def measure(programs, flags):
    """SHAPE/TYPE -> LOAD/PASS -> Work."""
    works = {f"{shape}/{kind}": {column: Work() for column in COLUMNS
                                 if not (shape == "large" and column.startswith("crowded"))}
             for shape in SHAPES for kind in TYPES}
    with programs.peer("sparse_layer", f"--seconds={flags.seconds / 4}", keeping=True) as peer:
        for turn in range(flags.rounds):
            for place, columns in works.items():
                for column, work in columns.items():
                    name = f"{place}/{column}"
                    say(f"sparse layer, round {turn + 1} of {flags.rounds}: {name}")
                    measure_ours(programs, flags, work, place, column, first=turn == 0)
                    for contestant, run in peer.measure(name)["programs"].items():
                        work.add(contestant, run.get("ms"))
                        work.facts[contestant] = run
    return works


def measure_ours(programs, flags, work, place, column, first):
    name, kind = f"{place}/{column}", place.partition("/")[2]
    wanted = [f"layer/{name}/", f"product/{kind}/"]
    if column == TOKEN:
        wanted.append(f"read/{place}/")
    checked = first and column.startswith("balanced")
    if checked:
        wanted.append(f"check/{name}/")
    report = programs.ours("sparse_layer", "^(" + "|".join(wanted) + ")", flags.seconds / 2)
    work.add("ours", report.times(f"layer/{name}"))
    work.way = report.one(f"layer/{name}")["label"]
    work.product.append(report.one(f"product/{kind}")["operations/s"])
    if column == TOKEN:
        work.read += report.times(f"read/{place}")
        work.bytes = report.one(f"read/{place}")["bytes"]
    else:
        run = report.one(f"layer/{name}")
        work.operations, work.bytes = run["operations"], run["bytes"]
    if checked:
        work.facts["ours"] = report.one(f"check/{name}")


def show(works):
    heading("Sparse layer")
    text("SwiGLU experts on a routing forced from outside, the same for all programs: forward and "
         "backward pass with", "the gradients of input, mixing weights and experts, in ms (median "
         "of the rounds, least - most). Neither the", "gate's product nor its choice is in the "
         "time. *Skewed*: the experts' rows fall as 1, 1/2, 1/3, ...; *crowded*:", "one expert "
         "takes every token (half of all rows where k = 2). *Forward*: without gradients; *1 "
         "token* likewise,", "in turn through layers that no cache holds.")
    text("`loop` is a loop over experts with parameters of their own, `grouped_mm` "
         "`torch._grouped_mm` by hand, `olmoe`", "and `qwen3_moe` are the experts of transformers' "
         "blocks by each of its implementations (the same code in both:", "at the larger shape "
         "OLMoE's only), `compiled` is under `torch.compile`, where no loop depends on the data. "
         "`batched_mm`", "copies the weights of its expert for every row: one step, unless for one "
         "token. All run with glibc told to keep", "freed memory, as ours does "
         "(`benchmarks/peers/sparse_layer.py`).")
    for place, columns in works.items():
        shape, kind = place.split("/")
        heading(f"{SHAPES[shape]}, {kind}", 3)
        times(columns)
        text("Ours:", "", *[f"- {way}" for way in dict.fromkeys(w.way for w in columns.values())])
    refusals(works)
    heading("Rate, memory and error", 3)
    text("*Share* is of the rate of a 2048 x 2048 product in the same run; *memory* the most that "
         "a step adds to what is", "held before it, gradients included, beside that of the fastest "
         "of transformers' implementations; *error* the", "largest relative error against float64 "
         "of outputs and gradients.")
    rates(works)
    heading("The limit", 3)
    text("What a step must take on this machine: the larger of its bytes over the bandwidth of the "
         "reading below and its", "operations over the rate of the product, both of the same run. "
         "Bytes: the weights of the experts with rows once a", "pass, inputs, outputs, gradients, "
         "and what is kept for the way back.")
    limits(works)
    heading("One token", 3)
    text("In us, beside reading once from memory as many bytes as the chosen experts' weights "
         "have.")
    tokens(works)


def cell(values, unit):
    values = [unit * value for value in values]
    middle = statistics.median(values)
    digits = 0 if middle >= 100 else 1
    if len(values) == 1 or max(values) == min(values):
        return f"{middle:.{digits}f}"
    return f"{middle:.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def times(columns):
    # For one token all programs run, and in their order.
    names = [name for name in ["ours", *columns[TOKEN].facts] if name in columns[TOKEN].ms]
    rows = [[name, *[cell(work.ms[name], COLUMNS[column][1]) if name in work.ms else ""
                     for column, work in columns.items()]] for name in names]
    for title, choose in (("transformers' best / ours", Work.best_block),
                          ("best of all / ours", Work.best)):
        rows.append([title, *[ratio(work.ms[choose(work)], work.ms["ours"])
                              for work in columns.values()]])
    table(["program", *[COLUMNS[column][0] for column in columns]], rows)


def refusals(works):
    places = {}
    for place, columns in works.items():
        for work in columns.values():
            for name, run in work.facts.items():
                if "refused" in run and not name.startswith("qwen3_moe"):
                    places.setdefault((name, run["refused"]), {})[place.replace("/", ", ")] = True
    text("What did not run:", "", *[f"- `{name}` ({'; '.join(where)}): {reason}"
                                    for (name, reason), where in places.items()])


def megabytes(run):
    return f"{run['peak_bytes'] / 1e6:.0f}" if run.get("peak_bytes") else "?"


def rates(works):
    rows = []
    for place, columns in works.items():
        for column, work in columns.items():
            if column == TOKEN:
                continue
            rate = 1e3 * work.operations / statistics.median(work.ms["ours"])
            best = work.best_block()
            theirs = 1e3 * work.operations / statistics.median(work.ms[best])
            product = statistics.median(work.product)
            facts = [work.facts[name] for name in ("ours", best) if name in work.facts]
            checked = all("error" in fact for fact in facts)
            rows.append([f"{place.replace('/', ', ')}, {COLUMNS[column][0]}",
                         f"{rate / 1e9:.0f}", f"{theirs / 1e9:.0f}", f"{product / 1e9:.0f}",
                         f"{100 * rate / product:.0f} %",
                         " / ".join(map(megabytes, facts)) if checked else "",
                         " / ".join(f"{fact['error']:.1e}" for fact in facts) if checked else ""])
    table(["work", "ours, GFLOP/s", "theirs", "product", "share", "memory, MB: ours / theirs",
           "error: ours / theirs"], rows)


def limits(works):
    rows = []
    for place, columns in works.items():
        token = columns[TOKEN]
        bandwidth = 1e3 * token.bytes / statistics.median(token.read)
        for column, work in columns.items():
            if column == TOKEN:
                continue
            limit = Limit(bandwidth, statistics.median(work.product))
            ours, least = statistics.median(work.ms["ours"]), limit.ms(work.bytes, work.operations)
            rows.append([f"{place.replace('/', ', ')}, {COLUMNS[column][0]}",
                         f"{work.bytes / 1e6:.0f}", milliseconds(limit.ms(work.bytes, 0)),
                         milliseconds(limit.ms(0, work.operations)), milliseconds(ours),
                         f"{ours / least:.1f}x"])
    table(["work", "MB", "for bytes, ms", "for operations, ms", "ours, ms", "ours / limit"], rows)


def tokens(works):
    rows = []
    for place, columns in works.items():
        work, best = columns[TOKEN], columns[TOKEN].best_block()
        rows.append([place.replace("/", ", "), cell(work.ms["ours"], 1e3), cell(work.read, 1e3),
                     ratio(work.ms["ours"], work.read), f"{cell(work.ms[best], 1e3)} {best}"])
    table(["shape", "ours", "reading", "ours / reading", "transformers' best"], rows)
