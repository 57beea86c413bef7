#!/usr/bin/env python3
"""Writes the tables of src/data/bert_characters.inc: what BERT's tokenizer makes of each character.

    scripts/bert_characters.py > src/data/bert_characters.inc

Every character is given to the normaliser and the pre-tokenizer of the tokenizers package, one by
one. So the tables follow the versions of Unicode that these go by (8 for classes, 9 for
decompositions, 17 for small letters), and not one of our own choice: a text's ids are to be those
that a model was trained on. Ideographs and Hangul are ranges and a formula, in
src/data/bert_characters.cpp.

Needs the packages of scripts/requirements.txt.
"""

import sys

try:
    import tokenizers
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
except ImportError as missing:
    sys.exit(f"error: {missing}; expected the packages of scripts/requirements.txt")

CODES = [code for code in range(0x110000) if not 0xd800 <= code < 0xe000]
HANGUL = range(0xac00, 0xd7a4)
COLUMNS = 100
LONGEST_GAP = 2  # characters that stay and are written out, rather than a new run begun


def normaliser(**parts):
    every = ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
    return BertNormalizer(**{part: parts.get(part, False) for part in every})


def changes(**parts):
    """What becomes of the characters that the normaliser does not leave alone."""
    normalise = normaliser(**parts).normalize_str
    made = {code: normalise(f"a{chr(code)}b")[1:-1] for code in CODES}
    return {code: text for code, text in made.items() if text != chr(code)}


def ranges(codes):
    out = []
    for code in codes:
        if out and out[-1][1] == code - 1:
            out[-1][1] = code
        else:
            out.append([code, code])
    return out


def case_runs(small):
    """[first, last, step, shift]: every character or every second one is shifted alike."""
    out = []
    for code, text in small.items():
        shift = ord(text) - code
        if out and out[-1][3] == shift and code - out[-1][1] in ({1, 2} if out[-1][2] == 0
                                                                else {out[-1][2]}):
            out[-1][2] = code - out[-1][1]
            out[-1][1] = code
        else:
            out.append([code, code, 0, shift])
    return [[first, last, step or 1, shift] for first, last, step, shift in out]


def text_runs(bases):
    """(first, text): the characters from `first` on become those of the text."""
    out = []
    for code, text in bases.items():
        gap = code - (out[-1][0] + len(out[-1][1])) if out else COLUMNS
        if gap <= LONGEST_GAP:
            between = "".join(map(chr, range(code - gap, code)))
            out[-1] = (out[-1][0], out[-1][1] + between + text)
        else:
            out.append((code, text))
    return [piece for first, text in out for piece in in_lines(first, text)]


def in_lines(first, text):
    """The same as several runs, each of which fits a line."""
    begin = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or len(literal(text[begin:end + 1])) > COLUMNS - 18:
            yield first + begin, text[begin:end]
            begin = end


def literal(text):
    return 'U"' + "".join(map(escaped, text)) + '"'


def escaped(character):
    code = ord(character)
    if code < 0x80:
        return "\\" + character if character in '"\\' else character
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def write(declaration, rows):
    print(f"\nconstexpr {declaration}[] = {{")
    line = "   "
    for row in rows:
        item = " {" + ", ".join(row) + "},"
        if len(line) + len(item) > COLUMNS:
            print(line)
            line = "   "
        line += item
    print(line + "\n};")


def write_ranges(name, codes):
    write(f"Range {name}", [[f"{first:#x}", f"{last:#x}"] for first, last in ranges(codes)])


def main():
    cleaned = changes(clean_text=True)
    bases = {code: text for code, text in changes(strip_accents=True).items() if code not in HANGUL}
    small = changes(lowercase=True)
    assert small.pop(0x130) == "i\u0307" and all(len(text) == 1 for text in small.values())
    split = BertPreTokenizer().pre_tokenize_str
    print("// What BERT's tokenizer makes of each character, asked of the tokenizers package "
          f"{tokenizers.__version__}.\n// Made by scripts/bert_characters.py.")
    write_ranges("kControls", [code for code, text in cleaned.items() if text == ""])
    write_ranges("kBlanks", [0x20] + [code for code, text in cleaned.items() if text == " "])
    write_ranges("kPunctuation", [code for code in CODES if len(split(f"a{chr(code)}b")) == 3])
    write_ranges("kMarks", [code for code, text in bases.items() if text == ""])
    write("CaseRun kSmall", [[f"{first:#x}", f"{last:#x}", str(step), str(shift)]
                             for first, last, step, shift in case_runs(small)])
    single = {code: text for code, text in bases.items() if len(text) == 1}
    write("TextRun kBases", [[f"{first:#x}", literal(text)] for first, text in text_runs(single)])
    write("TextRun kSeveral", [[f"{code:#x}", literal(text)] for code, text in bases.items()
                               if len(text) > 1])


if __name__ == "__main__":
    main()
