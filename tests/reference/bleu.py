"""Writes bleu.json beside itself: made-up corpora with what sacreBLEU 2.6 says of them, and how it
cuts sentences into words.

Usage: bleu.py        (needs sacrebleu)
"""
import json
import random
from pathlib import Path

from sacrebleu.metrics import BLEU
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

SENTENCES = [
    "Ein Mann, der 3,5 Äpfel isst.", "Two dogs run -- quickly -- through 1,000.50 fields...",
    "\"Hello,\" she said; 'no' & (yes)!", "&quot;A&amp;B&quot; &lt;tag&gt; 5-6 x-y 7- -8",
    "Ünïcödé… — “quoted” ,.;:", "1.2.3,4 .5 6. ,7 8,", "tabs\tand\u00a0odd\u2003blanks\u3000here",
    "[a] {b} `c` ~d ^e _f @g #h $i %j *k +l =m <n> /o\\p |q", "", "a", "one two", "a-b-c 1-2-3 --",
    "  leading and trailing  ", "Der Zug fährt um 12:30 Uhr nach Köln/Bonn.", "..,, ,,..", "é.è,à",
]
WORDS = "a man is riding red bicycle on the street , with his dog . 3 2.5 two-fold Äpfel 'quoted'".split()


def sentence(random_, length):
    return " ".join(random_.choice(WORDS) for _ in range(length))


def corrupted(random_, text, rate):
    words = text.split()
    kept = [word if random_.random() > rate else random_.choice(WORDS) for word in words]
    cut = random_.randrange(len(kept) + 1) if random_.random() < rate else len(kept)
    return " ".join(kept[:cut])


def corpora():
    random_ = random.Random(5)
    yield SENTENCES, SENTENCES
    yield SENTENCES, SENTENCES[1:] + SENTENCES[:1]
    yield [""], ["a b c"]
    yield ["x y"], ["a b"]
    yield ["a b c"], ["a b d e"]  # orders without a match, and without a phrase
    for rate in (.02, .1, .3, .6, .9):
        references = [sentence(random_, random_.randint(1, 25)) for _ in range(40)]
        yield [corrupted(random_, text, rate) for text in references], references


def main():
    metric, words = BLEU(), Tokenizer13a()
    stored = {"words": [[text, words(text).split()] for text in SENTENCES], "corpora": []}
    for answers, references in corpora():
        found = metric.corpus_score(answers, [references])
        stored["corpora"].append({
            "answers": answers, "references": references, "score": found.score,
            "precisions": found.precisions, "brevity_penalty": found.bp,
            "answer_words": found.sys_len, "reference_words": found.ref_len})
    text = json.dumps(stored, ensure_ascii=False, indent=1)
    Path(__file__).with_suffix(".json").write_text(text + "\n")


if __name__ == "__main__":
    main()
