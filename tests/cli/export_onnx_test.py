"""Tests of `moestro export`: ONNX Runtime and NumPy make of the files what `moestro predict` answers.

Usage: export_onnx_test.py MOESTRO
"""
import csv
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

MOESTRO = Path(sys.argv.pop(1)).resolve()
KINDS = {"U8": np.uint8, "I32": np.int32, "I64": np.int64, "F32": np.float32}
TOLERANCE = 1e-5

MIXTURE = """
[expert]
count = 1
layers = {layers}
[gate]
kind = "fixed"
[train]
epochs = 3
rate = 0.02
threads = 1
device = "cpu"
"""
TRANSFORMER = """
[model]
kind = "{kind}"
width = 16
heads = 2
depth = 2
hidden = 24
{more}
[expert]
count = 1
[gate]
kind = "fixed"
[train]
epochs = 3
rate = 0.02
threads = 1
device = "cpu"
"""


def read(path):
    """Tensors and metadata of a safetensors file."""
    data = path.read_bytes()
    size, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    metadata = header.pop("__metadata__", {})
    return {name: np.frombuffer(data[8 + size:][slice(*entry["data_offsets"])],
                                KINDS[entry["dtype"]]).reshape(entry["shape"])
            for name, entry in header.items()}, metadata


def write(path, tensors, metadata):
    names = {np.dtype(kind): name for name, kind in KINDS.items()}
    header, data = {"__metadata__": metadata}, b""
    for name, array in tensors.items():
        header[name] = {"dtype": names[array.dtype], "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def encoded(rows, metadata):
    """The inputs of a table's rows, by what the exported file says of them."""
    means = {column["name"]: column["mean"] for column in json.loads(metadata["table"])["columns"]
             if column["kind"] == "numeric"}

    def value(row, name):
        column, _, category = name.partition(" = ")
        if category:
            return row[column] == category
        if name in row:
            return float(row[name]) if row[name] else means[name]
        return row[name.removesuffix(" missing")] == ""

    return np.array([[value(row, name) for name in json.loads(metadata["inputs"])]
                     for row in rows], np.float32)


class ExportOnnx(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.draw = np.random.default_rng(1)

    def moestro(self, *words):
        done = subprocess.run([MOESTRO, *words], cwd=self.folder, capture_output=True, text=True,
                              env=os.environ | {"OMP_NUM_THREADS": "1"})
        self.assertEqual(done.returncode, 0, done.stderr)

    def exported(self, recipe, rows):
        """A session of the exported run, and what the run itself answers for the file of rows."""
        (self.folder / "toy.toml").write_text(recipe)
        self.moestro("train", "toy.toml", "--quiet", "--force")
        self.moestro("export", "runs/toy", "--out", "toy.onnx", "--force")
        self.moestro("predict", "runs/toy", "--data", rows, "--out", "answers.safetensors")
        model = onnx.load(self.folder / "toy.onnx")
        onnx.checker.check_model(model, full_check=True)
        self.assertEqual([opset.version for opset in model.opset_import], [17])
        self.metadata = {entry.key: entry.value for entry in model.metadata_props}
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4  # what is meant to fail is told by its exception
        return (onnxruntime.InferenceSession(self.folder / "toy.onnx", options),
                read(self.folder / "answers.safetensors")[0])

    def expect_classes(self, session, inputs, answers):
        """All rows at once, and the first of them alone."""
        name = session.get_inputs()[0].name
        for count in (len(inputs), 1):
            probabilities, logits = session.run(["probabilities", "logits"],
                                                {name: inputs[:count]})
            expected = answers["probabilities"][:count]
            np.testing.assert_allclose(probabilities, expected, rtol=0, atol=TOLERANCE)
            powers = np.exp(logits - logits.max(1, keepdims=True))
            np.testing.assert_allclose(powers / powers.sum(1, keepdims=True), expected, rtol=0,
                                       atol=TOLERANCE)
        # Answers that are all alike would agree whatever the graph reads.
        self.assertGreater(np.ptp(answers["probabilities"][:, 0]), .02)

    def put_table(self, name, rows):
        with open(self.folder / name, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)

    def put_images(self, shape):
        labels = np.arange(60) % 3
        pixels = self.draw.integers(0, 120, (60, *shape)) + 60 * labels.reshape(-1, 1, 1, 1)
        # Channels of different scale, so that their normalisation differs.
        pixels = (pixels / np.arange(1, shape[0] + 1).reshape(-1, 1, 1)).astype(np.uint8)
        write(self.folder / "images.safetensors", {"images": pixels, "labels": labels}, {})
        return ('[data]\npath = "images.safetensors"\nformat = "safetensors"\n'
                'inputs = "images"\ntarget = "labels"\nbatch = 16\n'), pixels.astype(np.float32)

    def put_texts(self, target, metadata):
        """Texts of 1 to 9 tokens, their targets by the first of them; the same as padded ids."""
        lengths = self.draw.integers(1, 10, 60)
        ids = self.draw.integers(0, 20, lengths.sum()).astype(np.int32)
        offsets = np.concatenate([[0], lengths.cumsum()])
        write(self.folder / "ids.safetensors",
              {"ids": ids, "offsets": offsets, "targets": target(ids[offsets[:-1]])},
              {"vocabulary": "20"} | metadata)
        padded = np.full((len(lengths), lengths.max()), -1, np.int64)
        for row, (begin, end) in enumerate(zip(offsets, offsets[1:])):
            padded[row, :end - begin] = ids[begin:end]
        return ('[data]\npath = "ids.safetensors"\nformat = "ids"\nlongest = 12\nbatch = 16\n',
                padded)

    def expect_texts(self, more):
        data, padded = self.put_texts(lambda first: (first > 9).astype(np.int64),
                                      {"class_names": '["neg", "pos"]'})
        session, answers = self.exported(data + TRANSFORMER.format(kind="encoder", more=more),
                                         "ids.safetensors")
        self.expect_classes(session, padded, answers)
        # More padding changes nothing, as far as there are places.
        wider = np.pad(padded, ((0, 0), (0, 12 - padded.shape[1])), constant_values=-1)
        self.expect_classes(session, wider, answers)
        with self.assertRaises(Exception):
            session.run(None, {"tokens": np.zeros((1, 13), np.int64)})
        self.assertEqual(json.loads(self.metadata["class_names"]), ["neg", "pos"])
        self.assertEqual(json.loads(self.metadata["text"])["longest"], 12)

    def test_table_with_categories_and_gaps(self):
        rows = [{"x": f"{self.draw.normal():.3f}",
                 "y": "" if n % 7 == 3 else f"{100 * self.draw.normal():.3f}",
                 "colour": ("red", "green", "blue")[n % 3],
                 "size": ("", "small", "large", "large")[n % 4],
                 "label": "yes" if n % 3 and n % 4 else "no"} for n in range(80)]
        self.put_table("rows.csv", rows)
        data = '[data]\npath = "rows.csv"\nformat = "csv"\ntarget = "label"\nbatch = 16\n'
        layers = '["embed 3", "linear 8", "tanh", "linear classes"]'
        session, answers = self.exported(data + MIXTURE.format(layers=layers), "rows.csv")
        self.assertEqual(json.loads(self.metadata["class_names"]), ["no", "yes"])
        self.assertEqual(self.metadata["run"], "toy")
        self.assertIn('layers = ["embed 3"', self.metadata["recipe"])
        self.expect_classes(session, encoded(rows, self.metadata), answers)

    def test_values_in_the_units_of_the_target(self):
        rows = [{"area": f"{self.draw.uniform(40, 140):.2f}", "rooms": n % 5} for n in range(80)]
        for row in rows:
            row["price"] = 2e5 + 3e3 * float(row["area"]) + 1e4 * row["rooms"]
        self.put_table("rows.csv", rows)
        recipe = ('[data]\npath = "rows.csv"\nformat = "csv"\ntarget = "price"\nbatch = 16\n'
                  '[mixture]\noutput = "values"\n[loss]\nkind = "least_squares"\n' +
                  MIXTURE.format(layers='["linear 8", "sigmoid", "linear 1"]'))
        session, answers = self.exported(recipe, "rows.csv")
        inputs = np.array([[row["area"], row["rooms"]] for row in rows], np.float32)
        value, = session.run(["value"], {"input": inputs})
        np.testing.assert_allclose(value, answers["predicted"], rtol=TOLERANCE)
        self.assertGreater(np.ptp(value), 1e4)

    def test_weights_alone_are_enough_for_numpy(self):
        rows = [{"x": f"{self.draw.normal():.3f}", "y": f"{self.draw.normal():.3f}",
                 "label": "ab"[n % 2]} for n in range(60)]
        self.put_table("rows.csv", rows)
        data = '[data]\npath = "rows.csv"\nformat = "csv"\nbatch = 16\n'
        layers = '["linear 8", "relu", "linear classes bias=false"]'
        _, answers = self.exported(data + MIXTURE.format(layers=layers), "rows.csv")
        self.moestro("export", "runs/toy", "--out", "toy.safetensors")
        weights, metadata = read(self.folder / "toy.safetensors")
        self.assertEqual({name: tensor.shape for name, tensor in weights.items()},
                         {"0.weight": (2, 8), "0.bias": (8,), "2.weight": (8, 2)})
        normaliser = json.loads(metadata["normaliser"])
        x = (encoded(rows, metadata) - normaliser["mean"]) / normaliser["deviation"]
        logits = np.maximum(x @ weights["0.weight"] + weights["0.bias"], 0) @ weights["2.weight"]
        powers = np.exp(logits)
        np.testing.assert_allclose(powers / powers.sum(1, keepdims=True),
                                   answers["probabilities"], rtol=0, atol=TOLERANCE)

    def test_images_by_convolutions(self):
        data, pixels = self.put_images((3, 11, 12))
        layers = ['"conv 4 3 pad=1"', '"batchnorm"', '"relu"', '"maxpool 2"',
                  '"conv 6 3 stride=2 bias=false"', '"batchnorm"', '"relu"', '"avgpool 2"',
                  '"linear 8"', '"batchnorm"', '"gelu"', '"dropout 0.2"', '"linear classes"']
        recipe = data + MIXTURE.format(layers="[" + ", ".join(layers) + "]")
        session, answers = self.exported(recipe, "images.safetensors")
        self.assertEqual(session.get_inputs()[0].shape, ["batch", 3, 11, 12])
        self.expect_classes(session, pixels, answers)

    def test_images_in_patches(self):
        data, pixels = self.put_images((2, 8, 12))
        for more in ('patch = 4\npooling = "first"',
                     'patch = 2\npositions = "rotary"\nactivation = "swiglu"\nnorm = "rms"\n'
                     'share_depth = true\nbias = false',
                     'patch = 4\npositions = "sinusoidal"\nnorm_first = false'):
            with self.subTest(more=more):
                session, answers = self.exported(data + TRANSFORMER.format(kind="vit", more=more),
                                                 "images.safetensors")
                self.expect_classes(session, pixels, answers)

    def test_texts_with_learned_places(self):
        self.expect_texts('activation = "relu"\nnorm_first = false')

    def test_texts_with_blocks_of_different_width(self):
        self.expect_texts('pooling = "first"\nmixture_every = 2\nexpert_hidden = 40')

    def test_texts_with_rotary_places(self):
        self.expect_texts('positions = "rotary"\nactivation = "swiglu"\nnorm = "rms"\n'
                          'share_depth = true\nbias = false')

    def test_texts_with_sinusoidal_places_and_values(self):
        data, padded = self.put_texts(lambda first: (50 + first).astype(np.float32), {})
        more = 'positions = "sinusoidal"\n[loss]\nkind = "least_squares"'
        session, answers = self.exported(data + TRANSFORMER.format(kind="encoder", more=more),
                                         "ids.safetensors")
        value, = session.run(["value"], {"tokens": padded})
        np.testing.assert_allclose(value, answers["predicted"], rtol=TOLERANCE)
        self.assertGreater(np.ptp(value), .1)


if __name__ == "__main__":
    unittest.main()
