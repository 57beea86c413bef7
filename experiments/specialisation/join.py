"""Fashion-MNIST's first six classes and MNIST's digits 4 to 9 as one set of 12 classes, in IDX files.

    python3 experiments/specialisation/join.py FASHION-MNIST MNIST TO

FASHION-MNIST and MNIST are folders with train-images-idx3-ubyte and so on (or .gz), TO a new folder,
which a recipe reads by data.path = "TO" and data.format = "idx". arXiv 2302.14703 calls it the
combined set: clothes become classes 0 to 5, digits 6 to 11.
"""

import argparse
import gzip
import pathlib
import struct


def read(folder, name):
    path = folder / name
    if path.exists():
        return path.read_bytes()
    with gzip.open(path.with_name(name + ".gz")) as file:
        return file.read()


def chosen(folder, part, first, base):
    """The images and labels of six classes from `first` on, renumbered from `base` on."""
    images = read(folder, f"{part}-images-idx3-ubyte")[16:]
    labels = read(folder, f"{part}-labels-idx1-ubyte")[8:]
    size = len(images) // len(labels)
    rows = [(images[i * size:(i + 1) * size], base + label - first)
            for i, label in enumerate(labels) if first <= label < first + 6]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("fashion", "mnist", "to"):
        parser.add_argument(name, type=pathlib.Path)
    folders = parser.parse_args()
    folders.to.mkdir(parents=True)
    for part in ("train", "t10k"):
        rows = chosen(folders.fashion, part, 0, 0) + chosen(folders.mnist, part, 4, 6)
        header = struct.pack(">IIII", 0x803, len(rows), 28, 28)
        (folders.to / f"{part}-images-idx3-ubyte").write_bytes(
            header + b"".join(image for image, _ in rows))
        (folders.to / f"{part}-labels-idx1-ubyte").write_bytes(
            struct.pack(">II", 0x801, len(rows)) + bytes(label for _, label in rows))
        print(f"{part}: {len(rows)} images")


if __name__ == "__main__":
    main()
