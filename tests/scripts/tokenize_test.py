"""Tests of scripts/tokenize.py: what it writes is what its tokenizer makes of each line, and bad
input is one line that says where.

Usage: tokenize_test.py
"""
import gzip
import json
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, processors

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "tokenize.py"
WORDS = ["[UNK]", "[CLS]", "[SEP]", "a", "b", "c", "d"]


def read(path):
    data = path.read_bytes()
    size, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    kinds = {"I32": np.int32, "I64": np.int64, "F32": np.float32}
    metadata = header.pop("__metadata__")
    return metadata | {name: np.frombuffer(data[8 + size:][slice(*entry["data_offsets"])],
                                kinds[entry["dtype"]]).tolist()
            for name, entry in header.items()}


class Tokenize(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = Path(self.temporary.name)
        tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, "[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
        # As some models' own files have it: both must be off.
        tokenizer.enable_padding(length=16)
        tokenizer.enable_truncation(max_length=4)
        tokenizer.save(str(self.folder / "tokenizer.json"))

    def run_script(self, texts, *arguments, name="texts.txt"):
        (self.folder / name).write_bytes(texts)
        return subprocess.run(
            [sys.executable, SCRIPT, self.folder, self.folder / name, "--out",
             self.folder / "ids.safetensors", *arguments], capture_output=True, text=True)

    def refused(self, texts, message, arguments=(), **options):
        done = self.run_script(texts, *arguments, **options)
        self.assertEqual(done.returncode, 1)
        self.assertIn(message, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertFalse((self.folder / "ids.safetensors").exists())

    def test_writes_a_text_a_line_without_padding(self):
        done = self.run_script("a b\n\nd x ü\r\n".encode())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(read(self.folder / "ids.safetensors"),
                         {"vocabulary": "7", "offsets": [0, 4, 6, 11],
                          "ids": [1, 3, 4, 2, 1, 2, 1, 6, 0, 0, 2]})

    def test_cuts_where_it_is_told_to_alone(self):
        self.run_script(b"a b c d a b c d", "--longest", "5")
        self.assertEqual(read(self.folder / "ids.safetensors")["ids"], [1, 3, 4, 5, 2])
        self.run_script(b"a b c d a b c d")
        self.assertEqual(read(self.folder / "ids.safetensors")["offsets"], [0, 10])
        (self.folder / "sentence_bert_config.json").write_text('{"max_seq_length": 4}')
        self.run_script(b"a b c d a b c d")
        self.assertEqual(read(self.folder / "ids.safetensors")["offsets"], [0, 4])

    def test_unpacks_gzip(self):
        done = self.run_script(gzip.compress(b"a\nb\n"), name="texts.gz")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(read(self.folder / "ids.safetensors")["offsets"], [0, 3, 6])

    def test_numbers_classes_by_name(self):
        done = self.run_script(b"pos\ta b\nneg\tc\npos\t\n", "--labels", "classes")
        self.assertEqual(done.returncode, 0, done.stderr)
        written = read(self.folder / "ids.safetensors")
        self.assertEqual(written["targets"], [1, 0, 1])
        self.assertEqual(json.loads(written["class_names"]), ["neg", "pos"])
        self.assertEqual(written["ids"], [1, 3, 4, 2, 1, 5, 2, 1, 2])

    def test_takes_labels_as_values(self):
        self.run_script(b"0.5\ta b\n2\tc\n", "--labels", "values")
        written = read(self.folder / "ids.safetensors")
        self.assertEqual(written["targets"], [.5, 2])
        self.assertNotIn("class_names", written)

    def test_leaves_nothing_where_it_cannot_write(self):
        (self.folder / "ids.safetensors").mkdir()
        done = self.run_script(b"a\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("ids.safetensors", done.stderr)
        self.assertEqual(list(self.folder.glob("*.part")), [])

    def test_says_what_is_wrong_and_where(self):
        self.refused(b"a\nb \xff c\n", "texts.txt:2: byte 3 is no UTF-8")
        self.refused(b"", "no lines; expected one text a line")
        self.refused(b"no gzip", "texts.gz", name="texts.gz")
        self.refused(gzip.compress(b"a\nb\n" * 50)[:-9], "texts.gz", name="texts.gz")
        self.refused(b"a\n", "--longest 2; expected at least 3", arguments=["--longest", "2"])
        self.refused(b"x\ta\nno tab\n", "texts.txt:2: expected a label, a tab, and a text",
                     arguments=["--labels", "classes"])
        self.refused(b"x\ta\n", "expected numbers", arguments=["--labels", "values"])
        self.refused(b"nan\ta\n", "not finite", arguments=["--labels", "values"])
        (self.folder / "tokenizer.json").write_text("{}")
        self.refused(b"a\n", "tokenizer.json")
        (self.folder / "tokenizer.json").unlink()
        self.refused(b"a\n", "no such file; expected a tokenizer.json, or its folder")


if __name__ == "__main__":
    unittest.main()
