"""docs/densify.md: what the stored rows of the studies say."""

import math
import statistics

import cases
import trials
from kept import benefit_kept, paired_difference
from speed_page import speed_text
from tables import (
    between, by_arm, by_seed, in_words, listed, means_of, paired, percent, prose, read, spread,
    table,
)


LEAST_SEEDS, FEW = 5, "too few seeds"


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


def scores_of(case, path):
    """Those of the comparison, and of dense networks trained longer where they are there."""
    scores = by_seed(path, case.score.test)
    longer = longer_path(case, path.parent)
    if not longer.exists():
        return scores
    first = (cases.MIXTURE, cases.DENSE, cases.DISTILLED)
    return ({arm: scores[arm] for arm in first} | {cases.LONGER: by_seed(longer, case.score.test)[cases.LONGER]}
            | {arm: seeds for arm, seeds in scores.items() if arm not in first})


def longer_path(case, results):
    return results / f"longer-{case.name}.csv"


def difference(scores, arm, other, score):
    """What arm has more than the other, paired, in a table's words."""
    mean, low, high = paired_difference(*paired(scores, arm, other))
    mean_text, low_text, high_text = (f"{value:+.{score.digits}f}" for value in (mean, low, high))
    return f"{mean_text} ({low_text} to {high_text}), {in_words(low, high, score.sign)}"


def fits_of(case, results):
    """Way of gathering -> the fit that it has in the comparison."""
    path = results / f"gathering-{case.name}.csv"
    ways = (cases.chosen_gatherings(case, path) if path.exists() else {}) | case.unfitted()
    return {way: setting.removeprefix("student.fit=") for way, settings in ways.items()
            for setting in settings if setting.startswith("student.fit=")}


def case_table(case, path):
    scores, score, fits = scores_of(case, path), case.score, fits_of(case, path.parent)
    references = [arm for arm in (cases.DISTILLED, cases.LONGER) if arm in scores]
    rows = []
    for arm, seeds in scores.items():
        if arm.endswith("folded only"):
            continue
        folded = scores.get(f"{arm}, folded only", {})
        folded = [folded[seed] for seed in seeds if seed in folded]
        row = [arm, fits.get(arm, ""), str(len(seeds)), spread(folded, score.digits) if folded else "",
               spread(list(seeds.values()), score.digits)]
        if len(seeds) < LEAST_SEEDS:
            rows.append(row + [FEW, *("" for _ in references)])
            continue
        if arm in (cases.MIXTURE, cases.DENSE):
            share = ""
        else:
            kept = kept_of(scores, arm, score.sign)
            share = (f"{percent(kept.share)} ({percent(kept.low)} to {percent(kept.high)})"
                     + (", noise" if kept.is_noise else ""))
        rows.append(row + [share, *("" if arm == other else difference(scores, arm, other, score)
                                    for other in references)])
    return table(["arm", "fit", "seeds", "folded only", "trained", "benefit kept (95 %)",
                  *(f"beside {other}" for other in references)], rows)


def kept_of(scores, arm, sign):
    return benefit_kept(*([sign * one for one in some]
                          for some in paired(scores, arm, cases.DENSE, cases.MIXTURE)))


def made_text(path):
    """Where and when the rows of a study were made, and how many seeds there are."""
    seeds = len({row["seed"] for row in read(path)})
    return f"{listed(path, 'device')}, {listed(path, 'date')}, {seeds} seed{'' if seeds == 1 else 's'}"


def compared_text(compared, longer):
    text = f"Made on {made_text(compared)}"
    if not longer.exists():
        return prose(f"{text}.")
    if made_text(compared) == made_text(longer):
        return prose(f"{text}; `{cases.LONGER}` likewise.")
    text += f"; `{cases.LONGER}` on {made_text(longer)}."
    if listed(compared, "device") != listed(longer, "device"):
        text += f" What stands beside `{cases.LONGER}` is paired by seed, not by device."
    return prose(text)


def cost_text(path):
    """Seconds of training, what the teacher costs beside them, and folding; means of arms over seeds."""
    rows = [row for row in read(path) if not row["arm"].endswith("folded only")]
    seconds, answers, folded = (means_of(rows, column) for column in
                                ("seconds", "student.teacher_seconds", "student.fold_seconds"))
    folding = [value for arm, value in folded.items() if arm != cases.DISTILLED]
    students = [value for arm, value in seconds.items() if arm not in (cases.MIXTURE, cases.DENSE, cases.DISTILLED)]
    text = ("Seconds of training, mean over seeds, of runs that may have shared the machine: "
            f"`{cases.MIXTURE}` {seconds[cases.MIXTURE]:.1f}, `{cases.DENSE}` {seconds[cases.DENSE]:.1f}, "
            f"`{cases.DISTILLED}` {seconds[cases.DISTILLED]:.1f}, students {between(students)}; in the latter two are "
            "the mixture's answers")
    text += (f", {between(list(answers.values()))} once for all rows" if answers else
             ", for every batch anew and not timed apart")
    return prose(f"{text}. Folding, {between(folding, 2)}, comes on top.")


def denominator_text(case, path):
    scores = by_seed(path, case.score.test)
    kept = kept_of(scores, cases.MIXTURE, case.score.sign)
    text = (f"Denominator, what the mixture gains on the dense network: {kept.denominator:.{case.score.digits}f}, "
            f"{kept.standard_errors:.1f} standard errors over {len(scores[cases.DENSE])} seeds.")
    if kept.standard_errors < case.score.least_errors:
        text += (f" That is under {case.score.least_errors}: the lower end of *benefit kept* is not held to the "
                 "published figure.")
    return prose(text)


def again_text(case, path):
    """The dense networks were trained again beside the longer ones: the same figures?"""
    first, again = (by_seed(one, case.score.test)[cases.DENSE] for one in (path, longer_path(case, path.parent)))
    gaps = [abs(first[seed] - again[seed]) for seed in first if seed in again]
    other = sum(gap > 0 for gap in gaps)
    if not gaps:
        return ""
    found = (f"{other} of {len(gaps)} seeds gave another figure, by at most {max(gaps):.{case.score.digits}f}; "
             "the table has the first" if other else f"the same figures in all {len(gaps)} seeds")
    return prose(f"`{cases.DENSE}` was trained once more beside `{cases.LONGER}`: {found}.")


def longer_table(case, path):
    """Where there is no comparison yet."""
    scores, losses, score = by_seed(path, case.score.test), by_seed(path, "test.loss"), case.score
    rows = [[arm, str(len(scores[arm])), spread(list(scores[arm].values()), score.digits),
             spread(list(losses[arm].values())),
             "" if arm == cases.DENSE else difference(scores, arm, cases.DENSE, score)]
            for arm in (cases.DENSE, cases.LONGER)]
    return table(["arm", "seeds", score.title, "test loss", f"{score.title} beside {cases.DENSE}"], rows)


def case_text(case, results):
    lines = [f"### {case.title}\n"]
    compared, longer = results / f"{case.name}.csv", longer_path(case, results)
    test = f"Test rows ({case.score.title})"
    if compared.exists():
        lines += [f"{test}:\n\n{case_table(case, compared)}", compared_text(compared, longer), cost_text(compared),
                  denominator_text(case, compared)]
        if longer.exists():
            lines.append(again_text(case, compared))
    else:
        lines.append("The comparison is not run yet: `python3 experiments/densify/run.py "
                     f"--only {case.name} --device cuda --jobs 16`.\n")
        if longer.exists():
            lines.append(f"{test}, dense networks alone:\n\n{longer_table(case, longer)}")
            lines.append(f"Made on {made_text(longer)}.\n")
    searched = f"Held-out rows ({case.score.search})"
    for title, name, make in (("by way of gathering", f"gathering-{case.name}", gathering_table),
                              ("by distillation", f"distillation-{case.name}", distillation_table)):
        path = results / f"{name}.csv"
        if path.exists():
            lines.append(f"{searched}, {title}:\n\n{make(case, path)}\nMade on {made_text(path)}.\n")
    return "\n".join(lines)


def compared_cases(results):
    """Case, its scores, and the arm that was best on held-out rows."""
    for case in cases.CASES:
        path = results / f"{case.name}.csv"
        if path.exists():
            yield (case, scores_of(case, path),
                   next(iter(cases.chosen_gatherings(case, results / f"gathering-{case.name}.csv"))))


def declared_text(results):
    """What the arm that was declared keeps, and beside what."""
    rows = []
    for case, scores, arm in compared_cases(results):
        shares = []
        for one in (arm, cases.LONGER):
            kept = kept_of(scores, one, case.score.sign) if one in scores else None
            shares.append(f"{percent(kept.share)} ({percent(kept.low)} to {percent(kept.high)})" if kept else "")
        errors = kept_of(scores, cases.MIXTURE, case.score.sign).standard_errors
        rows.append([case.name, arm,
                     f"{errors:.1f}", *shares,
                     *(difference(scores, arm, other, case.score) if other in scores else ""
                       for other in (cases.DISTILLED, cases.LONGER))])
    return table(["case", "declared arm", "denominator, standard errors", "keeps", f"{cases.LONGER}, keeps",
                  f"beside {cases.DISTILLED}", f"beside {cases.LONGER}"], rows)


def aligned_text(results):
    """A way with and without aligning, where both have the same fit."""
    rows = []
    for case, scores, _ in compared_cases(results):
        fits = fits_of(case, results)
        for way in ("average", "svd", "sum"):
            arm = f"{way}, aligned"
            if fits[way] == fits[arm]:
                rows.append([f"{case.name}, {way}", fits[way],
                             difference(scores, f"{arm}, folded only", f"{way}, folded only", case.score),
                             difference(scores, arm, way, case.score)])
    return table(["aligned less not aligned", "fit", "folded only", "trained"], rows)


def trial_rows(trial, path):
    found = by_arm(path, trial.score.search)
    for shape in trial.shapes:
        mixture, dense = found[f"{shape}, mixture"], found[f"{shape}, dense"]
        gain = [d - m for m, d in zip(mixture, dense, strict=True)]
        error = statistics.stdev(gain) / math.sqrt(len(gain))
        yield [trial.title, shape, str(trial.seeds), spread(mixture), spread(dense),
               f"{statistics.fmean(gain):+.4f}", f"{statistics.fmean(gain) / error:.1f}"]


def trials_text(results):
    rows, titles = [], {}
    for trial in trials.TRIALS:
        path = results / f"trial-{trial.name}.csv"
        if path.exists():
            rows += trial_rows(trial, path)
            titles.setdefault(f"{listed(path, 'device')}, {listed(path, 'date')}", []).append(trial.title)
    if not rows:
        return "Not run yet.\n"
    most = max(titles, key=lambda where: len(titles[where]))
    made = [f"{where}: {', '.join(some)}" for where, some in titles.items() if where != most]
    return (table(["data", "shape", "seeds", "mixture", "dense twin", "gain", "standard errors"], rows) + "\n"
            + prose(f"Made on {'; on '.join([*made, f'{most}: all others'])}."))


def text(here, results):
    found = "\n".join(case_text(case, results) for case in cases.CASES)
    return ((here / "findings.md").read_text().replace("@cases", found)
            .replace("@declared", declared_text(results)).replace("@aligned", aligned_text(results))
            .replace("@trials", trials_text(results)).replace("@speed", speed_text(results)))
