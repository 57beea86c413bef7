"""The tables of benchmarks/run.py, as Markdown that also reads well on a terminal."""

import statistics

PART_NAMES = {"gradients": "gradients put in place"}


def table(head, rows):
    """Padded columns; the first one left, the others right."""
    cells = [head, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]

    def line(row):
        padded = [text.ljust(width) if i == 0 else text.rjust(width)
                  for i, (text, width) in enumerate(zip(row, widths))]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * width if i == 0 else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    print("\n".join([line(head), line(rule), *map(line, rows)]) + "\n")


def milliseconds(value):
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def spread(values):
    """The median of the rounds, and how far they lie apart."""
    return f"{statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


def work_name(work):
    recipe, gate, experts = work.split("/")
    gate = "original gate" if gate == "softmax" else "attentive gate, importance"
    return f"{recipe} networks, {gate}, E = {experts}"


class Limit:
    """The least time for bytes and operations on this machine."""

    def __init__(self, bytes_per_second, operations_per_second):
        self.bandwidth, self.rate = bytes_per_second, operations_per_second

    def ms(self, bytes, operations):
        return 1e3 * max(bytes / self.bandwidth, operations / self.rate)


class Page:
    def __init__(self, markdown):
        self.markdown = markdown

    def heading(self, text, level=2):
        print("#" * level + " " + text + "\n")

    def text(self, *lines):
        print("\n".join(lines) + "\n")

    def opening(self, machine):
        if self.markdown:
            self.heading("Performance", 1)
            self.text("Made by `python benchmarks/run.py --markdown > docs/performance.md`; not "
                      "edited by hand. Ours and",
                      "theirs run turn by turn in one run, so that what else the machine does "
                      "meets both.")
        self.text(*[f"- {line}" for line in machine])

    def steps(self, works, medians):
        self.heading("One training step")
        self.text("Forward, loss, backward and Adam update on 512 images of 28 x 28, in ms: the "
                  "median of the rounds",
                  "(least - most). *Loop* is a plain PyTorch program with a loop over experts, "
                  "*stacked* one with the",
                  "experts' parameters stacked by hand (`benchmarks/peers/train_step.py`).")
        self.compare(works, medians, "")
        self.text("The same with glibc told to keep freed memory for PyTorch too "
                  "(`MALLOC_MMAP_THRESHOLD_`,",
                  "`MALLOC_TRIM_THRESHOLD_`), as our program does for itself; few PyTorch programs "
                  "are started so.")
        self.compare(works, medians, ", keeping")

    def compare(self, works, medians, setting):
        rows = []
        for work in works:
            ours = medians["ours"][work]
            theirs = [medians[name + setting][work] for name in ("loop", "stacked")]
            ratios = [statistics.median(peer) / statistics.median(ours) for peer in theirs]
            rows.append([work_name(work), spread(ours), *map(spread, theirs),
                         *[f"{ratio:.2f}x" for ratio in ratios]])
        table(["step", "ours", "PyTorch loop", "PyTorch stacked", "loop / ours",
               "stacked / ours"], rows)

    def parts(self, breakdowns, bandwidths, rate):
        self.heading("Where our time goes, and the limit")
        self.text("By LibTorch's own observers, in ms. *Least* is what the layer must take on this "
                  "machine if it reads its",
                  "inputs and writes its outputs once: the larger of its bytes over the bandwidth "
                  "and its operations over",
                  "the rate of a large matrix product, both measured in the same run.")
        for work, run in breakdowns.items():
            self.heading(work_name(work), 3)
            self.breakdown(run, Limit(bandwidths[work], rate))

    def breakdown(self, run, limit):
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
        for (part, kind), line in sorted(lines.items(), key=lambda item: -self.took(item[1])):
            took, least = self.took(line), line["least"]
            name = PART_NAMES.get(part, part) if kind == "all" else f"{part}: {kind}"
            rows.append([name, milliseconds(line["forward"]), milliseconds(line["backward"]),
                         f"{100 * took / total:.0f} %", milliseconds(least),
                         f"{took / least:.1f}x" if least > 0 else ""])
        rest = total - sum(map(self.took, lines.values()))
        least = sum(line["least"] for line in lines.values())
        rows.append(["autograd's own work, calls", milliseconds(max(rest, 0)), "",
                     f"{100 * max(rest, 0) / total:.0f} %", "", ""])
        rows.append(["all", milliseconds(total), "", "100 %", milliseconds(least),
                     f"{total / least:.1f}x"])
        table(["part", "forward", "backward", "share", "least", "took / least"], rows)
        self.limit(run, limit, total, least)

    @staticmethod
    def took(line):
        return line["forward"] + line["backward"]

    def limit(self, run, limit, total, least):
        def sum_of(what):
            return sum(value for key, value in run.items() if key.endswith("/" + what)
                       and key != f"input/{what}")

        operations = sum_of("operations")
        one_pass = run["input/bytes"] + 28 * run["parameters"]
        fused = limit.ms(one_pass, operations)
        self.text(f"Limit, layer by layer: {sum_of('bytes') / 1e6:.0f} MB and "
                  f"{operations / 1e6:.0f} million operations; at {limit.bandwidth / 1e9:.1f} GB/s "
                  f"(a copy as large",
                  f"as the largest activation) and {limit.rate / 1e9:.0f} GFLOP/s that is "
                  f"{milliseconds(least)} ms, layer after layer: the step takes "
                  f"{total / least:.1f} times as long.",
                  f"All layers in one pass would move {one_pass / 1e6:.1f} MB (the images once, the "
                  f"update): {milliseconds(fused)} ms, {total / fused:.0f} times less than now.")

    def data_and_files(self, rates, loader):
        self.heading("Data pipeline")
        self.text("60,000 images of 28 x 28 in shuffled batches of 512, in batches a second. "
                  "*Least*: one batch of",
                  "neighbouring rows converted to float, nothing else.")
        ours = {name: rates[name]["batches/s"]
                for name in ("batches/plain", "batches/augmented", "convert")}
        peer = statistics.median(loader)
        table(["pipeline", "batches/s", "ours / theirs"], [
            ["ours", f"{ours['batches/plain']:.0f}", f"{ours['batches/plain'] / peer:.0f}x"],
            ["ours, flip and padded crop", f"{ours['batches/augmented']:.0f}", ""],
            ["PyTorch's DataLoader, one worker", f"{peer:.0f}", ""],
            ["least", f"{ours['convert']:.0f}", ""]])
        self.heading("Safetensors")
        self.text("256 MB in 16 tensors, in GB/s. Writing ends when the bytes are on the disk; "
                  "reading is from the",
                  "system's cache. *Plain* is the same bytes without format, digest and rename.")
        rate = {name: rates[name]["bytes_per_second"] / 1e9
                for name in ("write", "plain_write", "digest", "read", "plain_read")}
        table(["what", "ours", "plain", "ours / plain"], [
            [name, f"{rate[name]:.2f}", f"{rate['plain_' + name]:.2f}",
             f"{rate[name] / rate['plain_' + name]:.2f}x"] for name in ("write", "read")])
        self.text(f"SHA-256 alone, which every write pays: {rate['digest']:.2f} GB/s.")
