"""docs/densify.md: what the stored rows of the studies say."""

import csv
import math
import statistics

import cases
import trials
from kept import benefit_kept, paired_difference


LEAST_SEEDS, FEW = 5, "too few seeds"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def by_seed(path, figure):
    """Arm -> seed -> the figure, seeds in their order."""
    arms = {}
    with open(path) as file:
        for row in sorted(csv.DictReader(file), key=lambda row: int(row["seed"])):
            arms.setdefault(row["arm"], {})[int(row["seed"])] = float(row[figure])
    return arms


def by_arm(path, figure):
    return {arm: list(seeds.values()) for arm, seeds in by_seed(path, figure).items()}


def paired(scores, *arms):
    """The figures of the arms on the seeds that all of them have."""
    common = [seed for seed in scores[arms[0]] if all(seed in scores[arm] for arm in arms)]
    return [[scores[arm][seed] for seed in common] for arm in arms]


def spread(values):
    """Mean and standard error, the latter of two values or more."""
    mean = f"{statistics.fmean(values):.4f}"
    if len(values) == 1:
        return mean
    return f"{mean} ± {statistics.stdev(values) / math.sqrt(len(values)):.4f}"


def gathering_table(case, path):
    found = by_arm(path, case.score.search)
    rows = [[name, spread(found[name]), ""] for name in (cases.MIXTURE, cases.DENSE, cases.DISTILLED)]
    rows += [[name, *(spread(found[f"{name}, {fit}"]) for fit in cases.FITS)] for name in case.gatherings]
    return table(["way", *(f"fit: {fit}" for fit in cases.FITS)], rows)


def distillation_table(case, path):
    found = cases.means(path, case.score.search)
    rows = [[f"{prefix}, a = {weight}",
             *(f"{found[f'{prefix}, {weight} at {temperature}']:.4f}" for temperature in cases.TEMPERATURES)]
            for prefix in ("folded", cases.DISTILLED) for weight in cases.WEIGHTS]
    return table(["student", *(f"T = {temperature}" for temperature in cases.TEMPERATURES)], rows)


def percent(share):
    return "–" if math.isnan(share) else f"{100 * share:.0f} %"


def in_words(low, high, sign):
    return "noise" if low <= 0 <= high else "better" if sign * low > 0 else "worse"


def scores_of(case, path):
    """Those of the comparison, and of dense networks trained longer where they are there."""
    scores = by_seed(path, case.score.test)
    longer = path.with_name(f"longer-{case.name}.csv")
    if longer.exists():
        scores[cases.LONGER] = by_seed(longer, case.score.test)[cases.LONGER]
    return scores


def case_table(case, path):
    scores, sign = scores_of(case, path), case.score.sign
    rows = []
    for arm, seeds in scores.items():
        if arm.endswith("folded only"):
            continue
        folded = scores.get(f"{arm}, folded only", {})
        folded = [folded[seed] for seed in seeds if seed in folded]
        row = [arm, str(len(seeds)), spread(folded) if folded else "", spread(list(seeds.values()))]
        if arm in (cases.MIXTURE, cases.DENSE):
            rows.append(row + ["", ""])
            continue
        kept = kept_of(scores, arm, sign)
        text = f"{percent(kept.share)} ({percent(kept.low)} to {percent(kept.high)})"
        mean, low, high = paired_difference(*paired(scores, arm, cases.DISTILLED))
        beside = "" if arm == cases.DISTILLED else (
            f"{mean:+.4f} ({low:+.4f} to {high:+.4f}), {in_words(low, high, sign)}")
        few = len(seeds) < LEAST_SEEDS
        rows.append(row + [FEW if few else text + (", noise" if kept.is_noise else ""), "" if few else beside])
    return table(["arm", "seeds", "folded only", "after as many epochs", "benefit kept (95 %)",
                  "beside dense, distilled"], rows)


def kept_of(scores, arm, sign):
    return benefit_kept(*([sign * one for one in some]
                          for some in paired(scores, arm, cases.DENSE, cases.MIXTURE)))


def denominator_text(case, path):
    scores = by_seed(path, case.score.test)
    kept = kept_of(scores, cases.MIXTURE, case.score.sign)
    return (f"Denominator, what the mixture gains on the dense network: {kept.denominator:.4f}, "
            f"{kept.standard_errors:.1f} standard errors over {len(scores[cases.DENSE])} seeds.\n")


def case_text(case, results):
    lines = [f"### {case.title}\n"]
    score = case.score.title[0].upper() + case.score.title[1:]
    searched = f"Held-out rows ({case.score.search})"
    for title, name, make in ((score, case.name, case_table),
                              (f"{searched}, by way of gathering", f"gathering-{case.name}", gathering_table),
                              (f"{searched}, by distillation", f"distillation-{case.name}", distillation_table)):
        path = results / f"{name}.csv"
        if path.exists():
            lines.append(f"{title}:\n\n{make(case, path)}")
            if name == case.name:
                lines.append(denominator_text(case, path))
    if len(lines) == 1:
        lines.append(f"Not run yet: `python3 experiments/densify/run.py --only {case.name}`.\n")
    return "\n".join(lines)


def trial_rows(trial, path):
    found = by_arm(path, trial.score.search)
    for shape in trial.shapes:
        mixture, dense = found[f"{shape}, mixture"], found[f"{shape}, dense"]
        gain = [d - m for m, d in zip(mixture, dense, strict=True)]
        error = statistics.stdev(gain) / math.sqrt(len(gain))
        yield [trial.title, shape, str(trial.seeds), spread(mixture), spread(dense),
               f"{statistics.fmean(gain):+.4f}", f"{statistics.fmean(gain) / error:.1f}"]


def trials_text(results):
    rows = []
    for trial in trials.TRIALS:
        path = results / f"trial-{trial.name}.csv"
        rows += trial_rows(trial, path) if path.exists() else []
    return table(["data", "shape", "seeds", "mixture", "dense twin", "gain", "standard errors"], rows)


def speed_text(results):
    """Mixture and student in turns on one device."""
    path = results / "speed.csv"
    if not path.exists():
        return "Not run yet.\n"
    rows = []
    with open(path) as file:
        for row in csv.DictReader(file):
            value = {name: float(row[name]) for name in row if row[name].replace(".", "").isdigit()}
            def both(name, form="{:,.0f}"):
                return " / ".join(form.format(value[f"{who}.{name}"]) for who in ("mixture", "student"))
            def reached(what):
                return (f"{value[f'{what}.measured']:.2f} of {value[f'{what}.allowed']:.2f} "
                        f"({100 * value[f'{what}.measured'] / value[f'{what}.allowed']:.0f} %)")
            rows.append([f"{row['case']}, {row['student']}", row["device"], both("parameters"), both("operations"),
                         both("latency_ms", "{:.3f}"), reached("latency"), both("samples_per_second"),
                         reached("throughput")])
    return table(["mixture / student", "device", "parameters", "operations a sample", "ms, batch 1",
                  "times faster, of what weights allow", "samples a second", "times faster, of what operations allow"],
                 rows)


def text(here, results):
    found = "\n".join(case_text(case, results) for case in cases.CASES)
    return ((here / "findings.md").read_text().replace("@cases", found)
            .replace("@trials", trials_text(results)).replace("@speed", speed_text(results)))
