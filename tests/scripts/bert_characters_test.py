"""Tests of scripts/bert_characters.py: the stored tables are those of the pinned tokenizers package.

Usage: bert_characters_test.py
"""
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class BertCharacters(unittest.TestCase):
    def test_makes_what_is_stored(self):
        done = subprocess.run([sys.executable, ROOT / "scripts" / "bert_characters.py"],
                              capture_output=True, text=True, check=True)
        stored = (ROOT / "src" / "data" / "bert_characters.inc").read_text()
        self.assertEqual(done.stdout, stored)


if __name__ == "__main__":
    unittest.main()
