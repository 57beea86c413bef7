"""The training step beside PyTorch's, and where its time goes."""

import contextlib
import statistics

from programs import say
from tables import Limit, heading, milliseconds, ratio, spread, table, text

STEPS = ["mnist/softmax/5", "mnist/softmax/20", "fashion-mnist/softmax/5",
         "fashion-mnist/softmax/20", "mnist/attentive/5", "mnist/attentive/20"]
BREAKDOWNS = ["mnist/softmax/5", "mnist/softmax/20", "fashion-mnist/softmax/5",
              "fashion-mnist/softmax/20"]
PEERS = {  # words for the peer, whether glibc keeps freed memory, share of the seconds
    "loop": ([], False, 1),
    "stacked": (["--stacked"], False, 1),
    "loop, keeping": ([], True, 1),
    "stacked, keeping": (["--stacked"], True, 1),
    "loop, compiled": (["--compile"], False, .5),
    "stacked, compiled": (["--stacked", "--compile"], False, .5),
}
PART_NAMES = {"gradients": "gradients put in place"}


def skipped(peer, work):
    return peer == "loop, compiled" and work.endswith("/20")  # half a minute each to compile


def measure(programs, flags):
    """Contestant -> work -> the median of every round; what a breakdown takes; the machine."""
    medians = {name: {work: [] for work in STEPS} for name in ["ours", *PEERS]}
    with contextlib.ExitStack() as stack:
        peers = {name: stack.enter_context(programs.peer(
            "train_step", *words, f"--seconds={flags.seconds * share}", keeping=keeping))
            for name, (words, keeping, share) in PEERS.items()}
        for turn in range(flags.rounds):
            for work in STEPS:
                say(f"training step, round {turn + 1} of {flags.rounds}: {work}")
                report = programs.ours("train_step", f"^step/{work}/", flags.seconds)
                medians["ours"][work] += report.times(f"step/{work}")
                for name, peer in peers.items():
                    if not skipped(name, work):
                        answer = peer.measure(work)
                        medians[name][work].append(statistics.median(answer["ms"]))
    say("the parts of a step")
    names = "|".join(BREAKDOWNS)
    parts = programs.ours("train_step", f"^(copy|breakdown)/({names})/|^product", 1)
    return medians, parts


def work_name(work):
    recipe, gate, experts = work.split("/")
    gate = "original gate" if gate == "softmax" else "attentive gate, importance"
    return f"{recipe} networks, {gate}, E = {experts}"


def show(result):
    medians, parts = result
    heading("One training step")
    text("Forward, loss, backward and Adam update on 512 images of 28 x 28, in ms: the median of "
         "the rounds", "(least - most). *Loop* is a plain PyTorch program with a loop over "
         "experts, *stacked* one with the", "experts' parameters stacked by hand "
         "(`benchmarks/peers/train_step.py`).")
    compare(medians, "")
    text("The same with glibc told to keep freed memory for PyTorch too "
         "(`MALLOC_MMAP_THRESHOLD_`,", "`MALLOC_TRIM_THRESHOLD_`), as our program does for itself; "
         "few PyTorch programs are started so.")
    compare(medians, ", keeping")
    text("The PyTorch programs with forward pass, loss and backward pass under `torch.compile` "
         "(compiled before", "the time is taken; the loop at E = 20 is left out, since compiling "
         "it takes half a minute each).")
    compare(medians, ", compiled")
    heading("Where our time goes, and the limit")
    text("By LibTorch's own observers, in ms. *Least* is what the layer must take on this machine "
         "if it reads its", "inputs and writes its outputs once: the larger of its bytes over the "
         "bandwidth and its operations over", "the rate of a large matrix product, both measured "
         "in the same run.")
    rate = parts.one("product")["operations/s"]
    for work in BREAKDOWNS:
        heading(work_name(work), 3)
        bandwidth = parts.one(f"copy/{work}")["bytes/s"]
        breakdown(parts.one(f"breakdown/{work}"), Limit(bandwidth, rate))


def compare(medians, setting):
    rows = []
    for work in STEPS:
        ours = medians["ours"][work]
        theirs = [medians[name + setting][work] for name in ("loop", "stacked")]
        rows.append([work_name(work), spread(ours),
                     *[spread(peer) if peer else "" for peer in theirs],
                     *[ratio(peer, ours) if peer else "" for peer in theirs]])
    table(["step", "ours", "PyTorch loop", "PyTorch stacked", "loop / ours", "stacked / ours"],
          rows)


def took(line):
    return line["forward"] + line["backward"]


def breakdown(run, limit):
    lines, total = {}, run["all/ms"]
    for key in run:
        if not key.endswith("/ms") or key == "all/ms":
            continue
        part, kind, direction, _ = key.split("/")
        place = key.removesuffix("/ms")
        least = limit.ms(run.get(f"{place}/bytes", 0), run.get(f"{place}/operations", 0))
        line = lines.setdefault((part, kind), {"forward": 0, "backward": 0, "least": 0})
        line["backward" if direction == "backward" else "forward"] += run[key]
        line["least"] += least
    rows = []
    for (part, kind), line in sorted(lines.items(), key=lambda item: -took(item[1])):
        least = line["least"]
        name = PART_NAMES.get(part, part) if kind == "all" else f"{part}: {kind}"
        rows.append([name, milliseconds(line["forward"]), milliseconds(line["backward"]),
                     f"{100 * took(line) / total:.0f} %", milliseconds(least),
                     f"{took(line) / least:.1f}x" if least > 0 else ""])
    rest = total - sum(map(took, lines.values()))
    least = sum(line["least"] for line in lines.values())
    rows.append(["autograd's own work, calls", milliseconds(max(rest, 0)), "",
                 f"{100 * max(rest, 0) / total:.0f} %", "", ""])
    rows.append(["all", milliseconds(total), "", "100 %", milliseconds(least),
                 f"{total / least:.1f}x"])
    table(["part", "forward", "backward", "share", "least", "took / least"], rows)
    closing(run, limit, total, least)


def closing(run, limit, total, least):
    def sum_of(what):
        return sum(value for key, value in run.items() if key.endswith("/" + what)
                   and key != f"input/{what}")

    operations = sum_of("operations")
    one_pass = run["input/bytes"] + 28 * run["parameters"]
    fused = limit.ms(one_pass, operations)
    text(f"Limit, layer by layer: {sum_of('bytes') / 1e6:.0f} MB and "
         f"{operations / 1e6:.0f} million operations; at {limit.bandwidth / 1e9:.1f} GB/s "
         f"(a copy as large",
         f"as the largest activation) and {limit.rate / 1e9:.0f} GFLOP/s that is "
         f"{milliseconds(least)} ms, layer after layer: the step takes "
         f"{total / least:.1f} times as long.",
         f"All layers in one pass would move {one_pass / 1e6:.1f} MB (the images once, the "
         f"update): {milliseconds(fused)} ms; the step takes {total / fused:.1f} times as long.")
