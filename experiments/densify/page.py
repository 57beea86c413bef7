"""docs/densify.md: what the stored rows of the studies say."""

import csv
import math
import statistics

import cases
from kept import benefit_kept, paired_difference


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def by_arm(path, figure):
    """Arm -> the figure of its seeds, in their order."""
    arms = {}
    with open(path) as file:
        for row in sorted(csv.DictReader(file), key=lambda row: int(row["seed"])):
            arms.setdefault(row["arm"], []).append(float(row[figure]))
    return arms


def mean_and_error(values):
    error = statistics.stdev(values) / math.sqrt(len(values))
    return f"{statistics.fmean(values):.4f} ± {error:.4f}"


def gathering_table(path):
    found = by_arm(path, "valid.error")
    rows = [[name, mean_and_error(found[name]), ""]
            for name in (cases.MIXTURE, cases.DENSE, cases.DISTILLED)]
    rows += [[name, *(mean_and_error(found[f"{name}, {fit}"]) for fit in cases.FITS)]
             for name in cases.GATHERINGS]
    return table(["way", *(f"fit: {fit}" for fit in cases.FITS)], rows)


def distillation_table(path):
    found = cases.means(path, "valid.error")
    rows = [[f"{prefix}, a = {weight}",
             *(f"{found[f'{prefix}, {weight} at {temperature}']:.4f}" for temperature in cases.TEMPERATURES)]
            for prefix in ("folded", cases.DISTILLED) for weight in cases.WEIGHTS]
    return table(["student", *(f"T = {temperature}" for temperature in cases.TEMPERATURES)], rows)


def percent(share):
    return "–" if math.isnan(share) else f"{100 * share:.0f} %"


def in_words(low, high):
    return "noise" if low <= 0 <= high else "better" if high < 0 else "worse"


def case_table(path):
    errors = by_arm(path, "test.error")
    dense, mixture = errors[cases.DENSE], errors[cases.MIXTURE]
    control = errors[cases.DISTILLED]
    rows = []
    for arm, values in errors.items():
        if arm.endswith("folded only"):
            continue
        folded = errors.get(f"{arm}, folded only")
        row = [arm, mean_and_error(folded) if folded else "", mean_and_error(values)]
        if arm in (cases.MIXTURE, cases.DENSE):
            rows.append(row + ["", ""])
            continue
        kept = benefit_kept(*([-error for error in one] for one in (values, dense, mixture)))
        text = f"{percent(kept.share)} ({percent(kept.low)} to {percent(kept.high)})"
        mean, low, high = paired_difference(values, control)
        beside = "" if arm == cases.DISTILLED else (
            f"{mean:+.4f} ({low:+.4f} to {high:+.4f}), {in_words(low, high)}")
        rows.append(row + [text + (", noise" if kept.is_noise else ""), beside])
    return table(["arm", "folded only", "after as many epochs", "benefit kept (95 %)",
                  "beside dense, distilled"], rows)


def denominator_text(path):
    errors = by_arm(path, "test.error")
    kept = benefit_kept(*([-error for error in errors[arm]] for arm in
                          (cases.MIXTURE, cases.DENSE, cases.MIXTURE)))
    return (f"Denominator, dense less mixture: {kept.denominator:.4f}, {kept.standard_errors:.0f} standard "
            f"errors; {len(errors[cases.DENSE])} seeds.\n")


def case_text(case, results):
    lines = [f"### {case.title}\n"]
    for title, name, make in (("Test error", case.name, case_table),
                              ("Held-out rows, by way of gathering", f"gathering-{case.name}", gathering_table),
                              ("Held-out rows, by distillation", f"distillation-{case.name}", distillation_table)):
        path = results / f"{name}.csv"
        if path.exists():
            lines.append(f"{title}:\n\n{make(path)}")
            if name == case.name:
                lines.append(denominator_text(path))
    if len(lines) == 1:
        lines.append(f"Not run yet: `python3 experiments/densify/run.py --only {case.name}`.\n")
    return "\n".join(lines)


def text(here, results):
    found = "\n".join(case_text(case, results) for case in cases.CASES)
    return (here / "findings.md").read_text().replace("@cases", found)
