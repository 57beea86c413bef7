"""Tests of scripts/convert_data.py: what it makes, what it leaves alone, and what it skips.

Usage: convert_data_test.py
"""
import gzip
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "convert_data.py"
ROWS = b"0,5,16,0\n0,12,3,1\n"


class ConvertData(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.source = Path(self.temporary.name, "from")
        self.target = Path(self.temporary.name, "to")
        self.source.mkdir()

    def put(self, path, content):
        path = self.source / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def put_digits(self, rows=ROWS):
        self.put("sklearn/datasets/data/digits.csv.gz", gzip.compress(rows))

    def run_script(self, *arguments, **options):
        return subprocess.run([sys.executable, SCRIPT, self.source, self.target, *arguments],
                              capture_output=True, text=True, **options)

    def made(self, path):
        return gzip.decompress((self.target / path).read_bytes())

    def test_digits_are_those_of_scikit_learn(self):
        self.put_digits()
        done = self.run_script("digits")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, f"digits: made {self.target / 'digits'}\n")
        self.assertEqual(self.made("digits/digits.csv.gz"), ROWS)

    def test_tables_get_their_usual_names(self):
        self.put("tabular/california-housing.csv.gz", gzip.compress(b"a,b\n"))
        self.assertEqual(self.run_script("california-housing").returncode, 0)
        self.assertEqual(self.made("california-housing/housing.csv.gz"), b"a,b\n")

    def test_grey_of_usps_becomes_bytes(self):
        for part in ("train", "test"):
            self.put(f"usps/zip.{part}.gz", gzip.compress((b"7 -1 0 1" + b" 0" * 253 + b"\n") * 2))
        done = self.run_script("usps")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.made("usps/t10k-images-idx3-ubyte.gz"),
                         b"\0\0\x08\x03" + b"\0\0\0\x02" + b"\0\0\0\x10" * 2 +
                         bytes([0, 128, 255] + [128] * 253) * 2)
        self.assertEqual(self.made("usps/train-labels-idx1-ubyte.gz"),
                         b"\0\0\x08\x01\0\0\0\x02\x07\x07")

    def test_newsgroups_keep_subject_and_body_of_a_message(self):
        header = b"From: a@b.c\nSubject: Re: Tides\nLines: 2\n"
        messages = {
            "x-train/sci.space/7": header.replace(b"\n", b"\t") + b"\t>why?\tNo\0idea: \xe9.\t",
            "x-train/alt.x/12": b"Subject: \n\n",
            "x-test/alt.x/3": header + b"\n>why?\n\nSee \"above\".\n",
            "x-test/alt.x/note": b"left out",
        }
        with io.BytesIO() as packed:
            with tarfile.open(fileobj=packed, mode="w:xz") as archive:
                for name, content in messages.items():
                    member = tarfile.TarInfo(name)
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
            self.put("20news/news.tar.xz", packed.getvalue())
        done = self.run_script("20news")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.made("20news/train.tsv.gz").decode(),
                         "label\ttext\nalt.x\tSubject:\n"
                         "sci.space\tRe: Tides >why? No idea: \u00e9.\n")
        self.assertEqual(self.made("20news/test.tsv.gz").decode(),
                         'label\ttext\nalt.x\tRe: Tides >why? See "above".\n')

    def test_what_is_not_there_is_skipped(self):
        self.put_digits()
        done = self.run_script()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("digits: made", done.stdout)
        self.assertIn("magic: skipped, no", done.stdout)
        self.assertEqual([path.name for path in self.target.iterdir()], ["digits"])

    def test_what_is_complete_is_made_again_by_force_alone(self):
        self.put_digits()
        self.run_script("digits")
        (self.source / "sklearn/datasets/data/digits.csv.gz").unlink()
        self.put_digits(b"1,1,1,0\n")
        self.assertIn("is complete", self.run_script("digits").stdout)
        self.assertEqual(self.made("digits/digits.csv.gz"), ROWS)
        self.run_script("digits", "--force")
        self.assertEqual(self.made("digits/digits.csv.gz"), b"1,1,1,0\n")

    def test_unknown_sets_and_folders_are_refused(self):
        done = self.run_script("digit")
        self.assertEqual(done.returncode, 2)
        self.assertIn("unknown set digit; expected one of mnist,", done.stderr)
        self.source.rmdir()
        self.assertIn("from: no such folder", self.run_script().stderr)

    def test_needs_no_tokenizers_though_a_tokenize_py_stands_beside_it(self):
        self.put_digits()
        fake = Path(self.temporary.name, "modules")
        fake.mkdir()
        (fake / "tokenizers.py").write_text("raise ImportError('tokenizers was asked for')\n")
        done = self.run_script("digits", env=os.environ | {"PYTHONPATH": str(fake)})
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
