"""Writes lower_case.txt beside itself: three lines, what Python's str.lower makes of the letters of
Latin-1, Latin Extended-A, Greek (from U+0386, without its archaic letters) and Cyrillic.

  1  those with another small letter, in the order of their numbers
  2  these small letters
  3  everything that stays as it is

Left out is I with a dot (U+0130), which becomes two characters.

Usage: lower_case.py
"""
from pathlib import Path


def main():
    blocks = [*range(0x80, 0x180), *range(0x386, 0x3CF), *range(0x400, 0x530)]
    letters = [chr(code) for code in blocks if chr(code).isprintable() and code != 0x130]
    large = "".join(letter for letter in letters if letter.lower() != letter)
    small = "".join(letter.lower() for letter in large)
    assert len(small) == len(large)
    same = "".join(letter for letter in letters if letter.lower() == letter)
    path = Path(__file__).with_suffix(".txt")
    path.write_text(f"{large}\n{small}\n{same}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
