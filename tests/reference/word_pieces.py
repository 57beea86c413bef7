"""Writes word_pieces.json beside itself: texts that go wrong easily, and the ids that the
tokenizers package gives for them with a small vocabulary of our own.

    texts    the texts
    cases    of each kind of tokenizer its settings (as tokenizer_config.json has them), its
             tokenizer.json, `longest` (0: uncut) and the ids of every text

Usage: word_pieces.py        (needs tokenizers)
"""
import json
import random
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = """hello world the un ##aff ##able cafe café caf ##é naive strasse straße ##ing ##s ##ed
 don ##t 中 国 日 本 豈 更 ß ##ß ss ##ss σ ##σ ς ##ς ο δ ##δ ##ο ﬁ ##ﬁ fi ##fi i̇ ##̇ İ ##İ 😀 ##😀 ♥ ÷ ×
 € $ ° ½ ² か ##か が ##か ##゙ 가 ##각 ᄀ ##ᄀ ##ᅡ ##ᆨ 각 й и ##и ##й ё е ##е ##ё привет при ##вет Hello
 Café CAF ##É É ा ##ा क ##क ि ##ि ##ে ##া ে র া ##் க் க ##ொ ##ெ อ ##อ ##ก ก ก็ å a\u030a
 ##a\u030a o\u0308 ##o\u0308 é e\u0301 ##e\u0301 \u0301 ##\u0301 ǆ ǅ ##ǆ ⅷ ⓐ ａ ##ａ ѱ θ ﬀ ŉ ##ŉ j
 ##ǰ ᾳ α ##ι ι ##α ∅ = ≠ < > ; ` · 。 「 」 ‘ ’ “ ” – — … ¿ ¡ « »""".split()
CHARACTERS = [chr(code) for code in range(0x21, 0x7f)]
TEXTS = [
    # plain
    "", " ", "hello", "Hello World", "  hello   world  ", "unaffable", "UNAFFABLE unaffableing",
    "hello\tworld\nthe\r\nend", "don't", "hello,world", "a.b.c", "...", "?!", "$5.00", "50%", "a_b",
    "#hello ##s # ##", "<b>=</b>", "`^~|\\", "e-mail: x@y.z", "hello-world–the—end…", "1,000.5",
    # accents, composed and apart
    "café", "cafe\u0301", "CAFÉ", "CAFE\u0301", "naïve", "Ångström", "a\u030a", "å",
    "A\u030a o\u0308",
    "É", "e\u0301\u0323", "e\u0323\u0301", "\u0301", " \u0301 ", "\u0301hello", "x\u0336y", "ǖ ǰ ŉ",
    "ệ Ệ", "\u212b \u2126 \u212a", "ñ N\u0303", "ç Ç c\u0327", "Š š Ž ž", "ø Ø đ Đ ł Ł", "æ Œ",
    # letters with cases of their own
    "straße", "STRASSE", "STRAẞE", "ß ẞ", "İ", "İi", "i\u0307", "I ı", "İstanbul", "ΟΔΟΣ", "ΟΔΟΣ.",
    "οδος", "Σ σ ς", "ǅ Ǆ ǆ", "ﬁ ﬀ", "ﬁne ofﬁ", "Ⅷ Ⓐ Ａ", "ͅ ᾳ ᾼ", "ϴ ϵ ϑ", "Ѱ Ѿ", "Ꭰ ꭰ", "ა Ა",
    # other scripts
    "Привет", "привет ЙЁ", "й и\u0306", "中国", "hello中国world", "日本か", "が か\u3099 カ", "豈更",
    "\U0002f800",
    "㐀 \U00020000 \U0002a700 \U0002b820 \U0002b920 \U0002ceb0 \U00030000", "〇 々 〆", "가 각", "가각",
    "\u1100\u1161", "\u1100\u1161\u11a8", "क़ क\u093c", "कि का", "রো", "র\u09c7\u09be", "கொ",
    "ก็ อ", "שָׁלוֹם",
    "سَلام", "ﷺ", "ﻻ", "᭄ᬆ",
    # punctuation and symbols
    "¿hello?", "¡hola!", "«a»", "“a” ‘b’", "中。国、「日」", "a·b", "a\u0387b", "a\u037eb", "a≠b a≯b",
    "a÷b×c",
    "€5 £5 ¥5", "5° ½ ²", "a\u2044b", "a‿b", "a\u2e3ab a\u2e43b", "\u166d a", "♥ ☺", "😀",
    "hello😀world", "👍🏽",
    "👩\u200d👩\u200d👧", "🇩🇪", "☺\ufe0f", "\U0001f1e6\U000e0067",
    # what is no text
    "a\0b", "a\ufffdb", "a\u0007b", "a\u000bb a\u000cb", "a\u0085b", "a\u00adb", "a\u200bb",
    "a\ufeffb",
    "a\u202eb", "a\ue000b", "a\U0010fffdb", "a\U0010ffffb", "a\u0378b", "a\u180eb",
    "a\u2028b\u2029c",
    "a\u00a0b a\u3000b a\u2003b a\u1680b", "\u061cا", "a\u0600b",
    # special tokens in a text
    "[CLS]", "hello [SEP] world", "a[MASK]b", "[mask]", "[UNK][PAD]", "[[SEP]]", "[SEP",
    "[CLS\u0301]",
    "é[SEP]\u0301", "[ SEP ]",
    # long words
    "s" * 99, "s" * 100, "s" * 101, "s" * 104, "é" * 100, "é" * 101, "e\u0301" * 100,
    "e\u0301" * 101,
    "中" * 101, "가" * 50, "가" * 51, "." * 101, "s" * 100 + "." + "s" * 101, "x " * 60,
]
SETTINGS = [({"do_lower_case": True}, 0), ({"do_lower_case": True}, 5),
            ({"do_lower_case": False}, 0),
            ({"do_lower_case": True, "strip_accents": False}, 0),
            ({"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False}, 0)]


def random_texts():
    draw = random.Random(3)
    letters = "aéE\u0301ßİΣς中豈がか가각क़िก็й。.-[] \t\u200b\u00ad😀\ufe0f≠;\u0323ﬁÅ"
    return ["".join(draw.choice(letters) for _ in range(draw.randint(3, 10))) for _ in range(60)]


def tokenizer_of(vocabulary, settings):
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(
        lowercase=settings["do_lower_case"], strip_accents=settings.get("strip_accents"),
        handle_chinese_chars=settings.get("tokenize_chinese_chars", True))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(name, vocabulary[name]) for name in ("[SEP]", "[CLS]")]
    if settings.get("strip_accents") is None:
        tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]",
                                                                 special_tokens=ends)
    else:
        tokenizer.post_processor = processors.BertProcessing(*ends)
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def main():
    pieces = SPECIAL + WORDS + CHARACTERS + ["##" + character for character in CHARACTERS]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    texts = TEXTS + random_texts()
    cases = []
    for settings, longest in SETTINGS:
        tokenizer = tokenizer_of(vocabulary, settings)
        stored = json.loads(tokenizer.to_str())
        if longest:
            tokenizer.enable_truncation(longest)
        ids = [tokenizer.encode(text).ids for text in texts]
        cases.append({"settings": settings, "longest": longest, "tokenizer": stored, "ids": ids})
    # The vocabulary once: each tokenizer.json is written with it.
    for case in cases:
        del case["tokenizer"]["model"]["vocab"]
    lines = [f'"vocabulary": {json.dumps(list(vocabulary))}', f'"texts": {json.dumps(texts)}',
             '"cases": [\n' + ",\n".join(map(json.dumps, cases)) + "\n]"]
    path = Path(__file__).with_suffix(".json")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
