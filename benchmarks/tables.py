"""Markdown that also reads well on a terminal, and figures for people."""

import statistics


def heading(text, level=2):
    print("#" * level + " " + text + "\n")


def text(*lines):
    print("\n".join(lines) + "\n")


def table(head, rows):
    """Padded columns; the first one left, the others right."""
    cells = [head, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]

    def line(row):
        padded = [text.ljust(width) if i == 0 else text.rjust(width)
                  for i, (text, width) in enumerate(zip(row, widths))]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * width if i == 0 else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    print("\n".join([line(head), line(rule), *map(line, rows)]) + "\n")


def milliseconds(value):
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def spread(values):
    """The median of the rounds, and how far they lie apart."""
    if len(values) == 1:
        return f"{values[0]:.1f}"
    return f"{statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


def ratio(theirs, ours):
    """Of medians, as "2.00x"."""
    return f"{statistics.median(theirs) / statistics.median(ours):.2f}x"


class Limit:
    """The least time for bytes and operations on this machine."""

    def __init__(self, bytes_per_second, operations_per_second):
        self.bandwidth, self.rate = bytes_per_second, operations_per_second

    def ms(self, bytes, operations):
        return 1e3 * max(bytes / self.bandwidth, operations / self.rate)
