"""The sample-similarity terms beside PyTorch's."""

import statistics

from programs import say
from tables import heading, ratio, spread, table, text

WORKS = ["512/5", "512/20", "4096/5", "4096/20"]
PEERS = ["double sum", "products"]


def measure(programs, flags):
    """Contestant -> work -> the medians of the rounds; operations of each work; the rate of a
    product."""
    medians = {name: {work: [] for work in WORKS} for name in ["ours", "distances", *PEERS]}
    operations, rates = {}, []
    with programs.peer("similarity", f"--seconds={flags.seconds}", keeping=True) as peer:
        for turn in range(flags.rounds):
            for work in WORKS:
                say(f"sample similarity, round {turn + 1} of {flags.rounds}: {work}")
                rows = work.partition("/")[0]
                report = programs.ours("similarity", f"^(terms/{work}|distances/{rows}|product)/",
                                       flags.seconds)
                medians["ours"][work] += report.times(f"terms/{work}")
                medians["distances"][work] += report.times(f"distances/{rows}")
                operations[work] = report.one(f"terms/{work}")["operations"]
                rates.append(report.one("product")["operations/s"])
                for name, run in peer.measure(work)["programs"].items():
                    medians[name][work].append(statistics.median(run["ms"]))
    return medians, operations, statistics.median(rates)


def show(result):
    medians, operations, rate = result
    heading("Sample similarity")
    text("Both terms for 784 inputs a row, from inputs and gate scores to the gradient of the "
         "scores, in ms (median of the", "rounds, least - most). *Double sum* is the formula as it "
         "is written, with an outer product for each pair of", "experts, *products* takes trace "
         "and sum of P^T D P; both have `torch.cdist` for D and glibc told to keep freed", "memory "
         "(`benchmarks/peers/similarity.py`). *Share*: of the rate of a 2048 x 2048 product in the "
         f"same run ({rate / 1e9:.0f}", "GFLOP/s), where each pair of rows is multiplied once.")
    rows = []
    for work in WORKS:
        ours = medians["ours"][work]
        count, experts = work.split("/")
        least = 1e3 * operations[work] / rate
        peers = [medians[name][work] for name in PEERS]
        rows.append([f"{int(count):,} rows, E = {experts}", spread(ours),
                     spread(medians["distances"][work]),
                     *[spread(peer) if peer else "" for peer in peers],
                     *[ratio(peer, ours) if peer else "" for peer in peers],
                     f"{100 * least / statistics.median(ours):.0f} %"])
    table(["work", "ours", "of it distances", *PEERS,
           *[f"{name} / ours" for name in PEERS], "share"], rows)
