"""docs/text-results.md: what the stored rows of the text studies say."""

import csv
import math
import statistics
import subprocess

# search by word pieces: the vocabularies that it runs with, besides the recipe's own (4,000).
PIECES = {
    "trec-pieces": (1000, 2000, 8000),
    "sst-2-pieces": (2000, 8000),
    "ag-news-pieces": (2000, 8000),
}

SEARCHES = ("trec-search", "sst-2-search", "ag-news-search")

# study: its heading.
STUDIES = {
    "classification-trec": "TREC, six question types",
    "classification-sst-2": "SST-2, film reviews by sentence",
    "classification-ag-news": "AG News, 5,000 training rows",
    "multi30k": "Multi30k, English to German",
}

SETS = {f"classification-{name}": name for name in ("trec", "sst-2", "ag-news")}

WANG = "Wang et al., [Encoding word order in complex embeddings](https://arxiv.org/abs/1912.12333), ICLR 2020, table 2"
KIM = "Kim, [Convolutional neural networks for sentence classification](https://arxiv.org/abs/1408.5882), EMNLP 2014, table 2"

# study: (model, accuracy, source). No pre-trained word vectors in any of them.
PUBLISHED = {
    "classification-trec": [
        ("Transformer, sinusoidal positions", .834, WANG),
        ("Transformer, learned positions", .820, WANG),
        ("no Transformer: CNN-rand", .912, KIM)],
    "classification-sst-2": [
        ("Transformer, sinusoidal positions", .761, WANG),
        ("Transformer, learned positions", .753, WANG),
        ("no Transformer: CNN-rand", .827, KIM)],
}

NOTES = {
    "classification-trec":
        "The published Transformers have one block of width 256, hidden width 512 and 8 heads; their "
        "word vectors\nare drawn, as ours are. How many runs they are\nmeans of is not said.\n",
    "classification-sst-2":
        "The published models (Transformers as for TREC) learned from 67,000 phrases and sentences, "
        "ours from the\n6,920 sentences alone. Wang et al. give 2,200 test rows, which is the count of "
        "the five-class test set; the\nbinary one, used here, has 1,821. Our validation rows are the "
        "set's own 872, which no final run trains on.\n",
}

PEER_OF = "classification-ag-news"


def rows_of(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def mean_error(values):
    mean = statistics.fmean(values)
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return mean, error


def by_arm(path, column):
    arms = {}
    for row in rows_of(path):
        arms.setdefault(row["arm"], []).append(float(row[column]))
    return arms


def tables(program, study, results):
    done = subprocess.run([program, "study", study, "--results", results, "--markdown"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return done.stdout


def search(data_set, program, studies, results):
    """How settings were chosen: the arms of the search, and its first two by word pieces."""
    name, stored = f"{data_set}-search", results / f"{data_set}-search.csv"
    if not stored.exists():
        return "Settings not searched yet.\n"
    parts = ["Settings were chosen on validation rows, from what one change to *start* gives "
             f"(`moestro study {studies}/{name}.toml`):\n", tables(program, studies / f"{name}.toml", stored)]
    columns = {4000: by_arm(stored, "valid.error")}
    for pieces in PIECES[f"{data_set}-pieces"]:
        path = results / f"{data_set}-pieces-{pieces}.csv"
        if path.exists():
            columns[pieces] = by_arm(path, "valid.error")
    if len(columns) > 1:
        parts.append(f"By word pieces (`moestro study {studies}/{data_set}-pieces.toml --set "
                     "data.vocabulary=...`), validation error, %:\n")
        parts.append(by_pieces(dict(sorted(columns.items()))))
    return "\n".join(parts)


def by_pieces(columns):
    lines = ["| arm |" + "".join(f" {pieces:,} |" for pieces in columns),
             "|---|" + "---:|" * len(columns)]
    for arm in ("start", "depth 2"):
        cells = [mean_error(arms[arm]) for arms in columns.values()]
        lines.append(f"| {arm} | " + " | ".join(f"{100 * mean:.1f} ± {100 * error:.1f}"
                                              for mean, error in cells) + " |")
    return "\n".join(lines) + "\n"


def verdict(mean, error, published):
    away = mean - published
    if abs(away) <= max(2.8 * error, .005):
        return "at its level"
    return f"{100 * abs(away):.1f} points {'better' if away < 0 else 'worse'}"


def comparison(name, path):
    mean, error = mean_error(by_arm(path, "test.error")["dense"])
    lines = ["Beside published errors, 1 - accuracy (*at its level*: within max(2.8 standard errors, "
             ".005)):\n",
             "| published model | its error | ours, dense | | source |", "|---|---:|---:|---|---|"]
    for model, accuracy, source in PUBLISHED[name]:
        lines.append(f"| {model} | {100 * (1 - accuracy):.1f} % | {100 * mean:.2f} ± {100 * error:.2f} % | "
                     f"{verdict(mean, error, 1 - accuracy)} | {source} |")
    return "\n".join(lines) + "\n\n" + NOTES[name]


def peer(ours_path, path):
    """The dense arm and the same model in PyTorch; Welch's standard error of the difference."""
    rows = rows_of(path)
    ours, ours_error = mean_error(by_arm(ours_path, "test.error")["dense"])
    theirs, theirs_error = mean_error([float(row["error"]) for row in rows])
    error = math.hypot(ours_error, theirs_error)
    level = "at its level" if abs(ours - theirs) <= max(2.8 * error, .005) else "not at its level"
    return (
        "The same model, rows, word pieces and schedule in PyTorch (`ag_news_peer.py`; draws are its "
        "own, so seeds are\nnot paired):\n\n"
        "| | seeds | test error | test loss |\n|---|---:|---:|---:|\n"
        + "".join(f"| {name} | {len(errors)} | {100 * statistics.fmean(errors):.2f} ± "
                  f"{100 * mean_error(errors)[1]:.2f} % | {statistics.fmean(losses):.4f} ± "
                  f"{mean_error(losses)[1]:.4f} |\n"
                  for name, errors, losses in (
                      ("Moestro, dense", by_arm(ours_path, "test.error")["dense"],
                       by_arm(ours_path, "test.loss")["dense"]),
                      (f"PyTorch {rows[0]['torch']}", [float(row["error"]) for row in rows],
                       [float(row["loss"]) for row in rows])))
        + f"\nOurs minus PyTorch's: {100 * (ours - theirs):+.2f} ± {100 * error:.2f} points, {level} "
          f"(within max(2.8 standard errors, .005)).\nPyTorch on {rows[0]['device']}, "
          f"{rows[0]['date']}.\n")


HEAD = """\
# Results of the text models

Made by `experiments/text/run.py` from the rows in `experiments/results/text/`. Models are trained from scratch, without
pre-trained word vectors. Final runs train on all training rows with settings fixed, and read the test rows once, at the
end; means over seeds with their standard errors. Before that, while these programs were written, four short runs at other
settings printed test errors (TREC one, AG News three, one of them PyTorch's); no setting was chosen by them.
"""


def text(program, studies, results):
    parts = [HEAD]
    for name, heading in STUDIES.items():
        stored = results / f"{name}.csv"
        parts.append(f"## {heading}\n")
        if name in SETS:
            parts.append(search(SETS[name], program, studies, results))
        parts.append(f"`moestro study {studies}/{name}.toml`\n")
        if not stored.exists():
            parts.append("Not run yet.\n")
            continue
        parts.append(tables(program, studies / f"{name}.toml", stored))
        if name in PUBLISHED:
            parts.append(comparison(name, stored))
        if name == PEER_OF and (results / "ag-news-peer.csv").exists():
            parts.append(peer(stored, results / "ag-news-peer.csv"))
    return "\n".join(parts)
