#!/usr/bin/env python3
"""Turns other packings of data sets into the files that Moestro reads.

    scripts/convert_data.py FROM TO [NAME ...]

FROM holds a folder for each packing; TO becomes a data root: a folder for each set (give it to
moestro as --data-root TO or in MOESTRO_DATA). With NAMEs only these sets are made. What FROM does
not have is skipped, what TO already has is left alone (--force makes it again).

    set                 made from, in FROM/                       files made in TO/SET/
    cifar-100           cifar-100/{train,test}_NN.webp, classes.tsv   train.bin, test.bin
    cifar-10-subset     cifar-10-subset/{train,test}_NN.webp, classes.txt
                                                                  data_batch_1.bin, test_batch.bin
    usps                usps/zip.{train,test}.gz (digit text)     IDX
    quickdraw           quickdraw/NAME1000.bin.gz (bitmaps)       IDX, classes.txt
    omniglot            omniglot/*.zip (PNG)                      IDX, classes.txt
    20news              20news/*.tar.xz (messages)                train.tsv.gz, test.tsv.gz
    mnist, notmnist     the same folder, IDX                      linked or copied
    adult, bank, magic, letter, satellite, covertype, california-housing
                        tabular/*.gz                              linked or copied under their
                                                                  usual names
    digits              sklearn/datasets/data/digits.csv.gz       linked or copied

For digits FROM is a folder that scikit-learn is installed in (Python's site-packages) or its source
tree.

Of a message of 20news the subject and the body are kept, quotes in it too, in one line; the other
lines of its header are not. Some archives have tabs in the place of line ends.

Sheets are lossless WebP images of 25 x 40 tiles of 32 x 32 pixels, row by row; image i has the
class i modulo the count of classes. Needs numpy; cifar-* and omniglot need Pillow too.
"""

import argparse
import gzip
import io
import os
import re
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

# tokenize.py, beside this file, is not the module of that name that Python's own modules want.
HERE = Path(__file__).resolve().parent
sys.path = [folder for folder in sys.path if Path(folder).resolve() != HERE]

import numpy as np

SHEET_COLUMNS, SHEET_ROWS, TILE = 25, 40, 32
DRAWING_SIDE = 28

TABLES = {
    "adult": {"adult-train.csv.gz": "adult.data.gz", "adult-test.csv.gz": "adult.test.gz"},
    "bank": {"bank-full.csv.gz": "bank-full.csv.gz"},
    "magic": {"magic04.data.gz": "magic04.data.gz"},
    "letter": {"letter-recognition.data.gz": "letter-recognition.data.gz"},
    "satellite": {"sat.trn.gz": "sat.trn.gz", "sat.tst.gz": "sat.tst.gz"},
    "covertype": {"covtype-10000.csv.gz": "covtype.csv.gz"},
    "california-housing": {"california-housing.csv.gz": "housing.csv.gz"},
}


class Missing(Exception):
    """FROM does not have what a set is made from."""


def need(path):
    if not path.exists():
        raise Missing(path)
    return path


def write(path, content):
    """Writes the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with open(partial, "wb") as file:
        file.write(content)
    os.replace(partial, path)


def write_packed(path, content):
    # No time in the header: the same content gives the same file.
    write(path, gzip.compress(content, compresslevel=6, mtime=0))


def write_idx(path, array):
    array = np.ascontiguousarray(array, dtype=np.uint8)
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
    write_packed(path, header + array.tobytes())


def write_idx_pair(folder, part, images, labels):
    write_idx(folder / f"{part}-images-idx3-ubyte.gz", images)
    write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)


def write_names(folder, names):
    write(folder / "classes.txt", "".join(name + "\n" for name in names).encode())


def link(source, target):
    """A hard link where source and target share a disk, otherwise a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def read_sheets(paths):
    """uint8 [images, 3, 32, 32]: the planes that CIFAR files hold."""
    from PIL import Image

    parts = []
    for path in paths:
        with Image.open(path) as sheet:
            pixels = np.asarray(sheet.convert("RGB"))
        expected = (SHEET_ROWS * TILE, SHEET_COLUMNS * TILE, 3)
        if pixels.shape != expected:
            raise SystemExit(f"error: {path}: an image of {pixels.shape}; expected {expected}")
        tiles = pixels.reshape(SHEET_ROWS, TILE, SHEET_COLUMNS, TILE, 3)
        parts.append(tiles.transpose(0, 2, 4, 1, 3).reshape(-1, 3, TILE, TILE))
    return np.concatenate(parts)


def cifar_rows(images, *labels):
    count = len(images)
    columns = [np.asarray(label, dtype=np.uint8).reshape(count, 1) for label in labels]
    return np.concatenate(columns + [images.reshape(count, -1)], axis=1).tobytes()


def sheets_of(source, part):
    paths = sorted(source.glob(f"{part}_*.webp"))
    if not paths:
        raise Missing(source / f"{part}_00.webp")
    return paths


def make_cifar_100(source, folder):
    lines = need(source / "classes.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines if line.split("\t")[0].isdigit()]
    coarse = np.array([int(row[2]) for row in sorted(rows, key=lambda row: int(row[0]))])
    for part in ("train", "test"):
        images = read_sheets(sheets_of(source, part))
        fine = np.arange(len(images)) % len(coarse)
        write(folder / f"{part}.bin", cifar_rows(images, coarse[fine], fine))


def make_cifar_10_subset(source, folder):
    classes = len(need(source / "classes.txt").read_text().split())
    for part, name in (("train", "data_batch_1.bin"), ("test", "test_batch.bin")):
        images = read_sheets(sheets_of(source, part))
        write(folder / name, cifar_rows(images, np.arange(len(images)) % classes))


def make_usps(source, folder):
    for part, name in (("train", "zip.train.gz"), ("t10k", "zip.test.gz")):
        with gzip.open(need(source / name), "rt") as file:
            rows = np.loadtxt(file)
        # Grey from -1 to 1 becomes 0 to 255.
        images = np.rint((rows[:, 1:] + 1) * 127.5).reshape(-1, 16, 16)
        write_idx_pair(folder, part, images, rows[:, 0])


def make_quickdraw(source, folder):
    paths = sorted(source.glob("*.bin.gz"))
    if not paths:
        raise Missing(source / "*.bin.gz")
    images, labels, names = [], [], []
    for label, path in enumerate(paths):
        with gzip.open(path) as file:
            pixels = np.frombuffer(file.read(), dtype=np.uint8)
        images.append(pixels.reshape(-1, DRAWING_SIDE, DRAWING_SIDE))
        labels.append(np.full(len(images[-1]), label))
        names.append(re.sub(r"\d*\.bin\.gz$", "", path.name))
    write_idx_pair(folder, "train", np.concatenate(images), np.concatenate(labels))
    write_names(folder, names)


def make_omniglot(source, folder):
    archives = sorted(source.glob("*.zip"))
    if not archives:
        raise Missing(source / "*.zip")
    from PIL import Image

    drawings = {}
    for archive in archives:
        with zipfile.ZipFile(archive) as file:
            for name in sorted(file.namelist()):
                if name.endswith(".png"):
                    alphabet, character = name.split("/")[-3:-1]
                    with Image.open(io.BytesIO(file.read(name))) as image:
                        # Ink is bright, as in the other sets.
                        pixels = 255 - np.asarray(image.convert("L"))
                    drawings.setdefault(f"{alphabet} {character}", []).append(pixels)
    names = sorted(drawings)
    images = np.concatenate([np.stack(drawings[name]) for name in names])
    labels = np.concatenate([np.full(len(drawings[n]), i) for i, n in enumerate(names)])
    write_idx_pair(folder, "train", images, labels)
    write_names(folder, names)


def subject_and_body(message):
    message = message.replace("\r\n", "\n").strip()
    if "\n" not in message:
        message = message.replace("\t", "\n")
    header, _, body = message.partition("\n\n")
    subject = re.search(r"^Subject:(.*)", header, re.MULTILINE)
    text = (subject.group(1) + " " if subject else "") + body
    return text if text.strip() else message


def make_20news(source, folder):
    archives = sorted(source.glob("*.tar.*"))
    if not archives:
        raise Missing(source / "*.tar.xz")
    lines = {"train": [], "test": []}
    for archive in archives:
        with tarfile.open(archive) as file:
            for member in file:
                match = re.search(r"-(train|test)/([^/]+)/\d+$", member.name)
                if member.isfile() and match:
                    message = file.extractfile(member).read().decode("latin-1")
                    text = " ".join(subject_and_body(message).replace("\0", " ").split())
                    lines[match.group(1)].append((match.group(2), text))
    for part, rows in lines.items():
        rows.sort()
        content = "label\ttext\n" + "".join(f"{label}\t{text}\n" for label, text in rows)
        write_packed(folder / f"{part}.tsv.gz", content.encode())


def make_idx_links(source, folder):
    paths = sorted(source.glob("*-ubyte*"))
    if not paths:
        raise Missing(source / "*-ubyte.gz")
    for path in paths:
        link(path, folder / path.name)


def make_table(files):
    def make(source, folder):
        for name in files:
            need(source / name)
        for name, usual in files.items():
            link(source / name, folder / usual)

    return make


def idx_pair(part):
    return [f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz"]


# set: (folder in FROM, what makes it, the files by which it is known to be complete)
SETS = {
    "mnist": ("mnist", make_idx_links, idx_pair("train") + idx_pair("t10k")),
    "notmnist": ("notmnist", make_idx_links, idx_pair("t10k")),
    "cifar-100": ("cifar-100", make_cifar_100, ["train.bin", "test.bin"]),
    "cifar-10-subset": (
        "cifar-10-subset",
        make_cifar_10_subset,
        ["data_batch_1.bin", "test_batch.bin"],
    ),
    "usps": ("usps", make_usps, idx_pair("train") + idx_pair("t10k")),
    "quickdraw": ("quickdraw", make_quickdraw, idx_pair("train") + ["classes.txt"]),
    "omniglot": ("omniglot", make_omniglot, idx_pair("train") + ["classes.txt"]),
    "20news": ("20news", make_20news, ["train.tsv.gz", "test.tsv.gz"]),
}
for table_name, table_files in TABLES.items():
    SETS[table_name] = ("tabular", make_table(table_files), list(table_files.values()))
SETS["digits"] = (
    "sklearn/datasets/data",
    make_table({"digits.csv.gz": "digits.csv.gz"}),
    ["digits.csv.gz"],
)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", metavar="FROM", type=Path)
    parser.add_argument("target", metavar="TO", type=Path)
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(SETS))
    parser.add_argument("--force", action="store_true", help="make again what is there")
    args = parser.parse_args()
    if not args.source.is_dir():
        parser.error(f"{args.source}: no such folder")
    unknown = [name for name in args.names if name not in SETS]
    if unknown:
        parser.error(f"unknown set {unknown[0]}; expected one of {', '.join(SETS)}")
    for name in args.names or SETS:
        packing, make, files = SETS[name]
        folder = args.target / name
        if not args.force and all((folder / file).exists() for file in files):
            print(f"{name}: {folder} is complete")
            continue
        try:
            make(args.source / packing, folder)
        except Missing as missing:
            print(f"{name}: skipped, no {missing}")
        else:
            print(f"{name}: made {folder}")


if __name__ == "__main__":
    sys.exit(main())
