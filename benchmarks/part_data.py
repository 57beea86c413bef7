"""The data pipeline beside PyTorch's loader, and safetensors beside plain files."""

import statistics

from programs import say
from tables import heading, table, text


def measure(programs, flags):
    say("data and files")
    rates = {}
    for name, seconds in (("data_pipeline", 1), ("safetensors", .5)):
        report = programs.ours(name, ".", seconds)
        rates |= {key: report.one(key) for key in report.runs}
    with programs.peer("data_pipeline") as peer:
        return rates, statistics.median(peer.measure("loader")["batches/s"])


def show(result):
    rates, loader = result
    heading("Data pipeline")
    text("60,000 images of 28 x 28 in shuffled batches of 512, in batches a second. *Least*: one "
         "batch of", "neighbouring rows converted to float, nothing else.")
    ours = {name: rates[name]["batches/s"]
            for name in ("batches/plain", "batches/augmented", "convert")}
    table(["pipeline", "batches/s", "ours / theirs"], [
        ["ours", f"{ours['batches/plain']:.0f}", f"{ours['batches/plain'] / loader:.0f}x"],
        ["ours, flip and padded crop", f"{ours['batches/augmented']:.0f}", ""],
        ["PyTorch's DataLoader, one worker", f"{loader:.0f}", ""],
        ["least", f"{ours['convert']:.0f}", ""]])
    heading("Safetensors")
    text("256 MB in 16 tensors, in GB/s. Writing ends when the bytes are on the disk; reading is "
         "from the", "system's cache. *Plain* is the same bytes without format, digest and rename.")
    rate = {name: rates[name]["bytes_per_second"] / 1e9
            for name in ("write", "plain_write", "digest", "read", "plain_read")}
    table(["what", "ours", "plain", "ours / plain"], [
        [name, f"{rate[name]:.2f}", f"{rate['plain_' + name]:.2f}",
         f"{rate[name] / rate['plain_' + name]:.2f}x"] for name in ("write", "read")])
    text(f"SHA-256 alone, which every write pays: {rate['digest']:.2f} GB/s.")
