"""Small multiples as SVG: lines or points over a logarithmic axis, one panel beside the other."""

import html
import math

PANEL, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 230, 190, 46, 10, 34, 38
COLOURS = ["#1f6fb4", "#c8501e", "#2a8c57", "#8a4fb0", "#8c6d1f"]
DARK = ["#6cb0ee", "#f08a5c", "#6cc795", "#c293e0", "#d3b45c"]
STYLE = """
  svg { background: #fff } text { font: 11px sans-serif; fill: #444 } .title { font-weight: bold }
  .axis { stroke: #999; fill: none } .grid { stroke: #e6e6e6 } .zero { stroke: #999; stroke-dasharray: 3 3 }
  polyline { fill: none; stroke-width: 1.5 } circle { stroke: none; opacity: .75 }
"""


def style():
    def classes(colours):
        return "".join(f".s{i} {{ stroke: {c}; fill: {c} }} text.s{i} {{ stroke: none; font-weight: bold }}\n"
                       f"polyline.s{i} {{ fill: none }}\n" for i, c in enumerate(colours))
    dark = ("svg { background: #16191d } text { fill: #c4c9cf } .grid { stroke: #2b3036 }\n"
            + classes(DARK))
    return f"{STYLE}{classes(COLOURS)}@media (prefers-color-scheme: dark) {{ {dark} }}"


def ticks(low, high):
    """Round numbers inside."""
    step = 10 ** math.floor(math.log10((high - low) / 4 or 1))
    step *= next(f for f in (1, 2, 5, 10) if (high - low) / (f * step) <= 5)
    first = math.ceil(low / step)
    return [i * step for i in range(first, math.floor(high / step) + 1)]


def powers(low, high):
    return [10 ** i for i in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
            if low * .999 <= 10 ** i <= high * 1.001]


class Panel:
    """Series: name -> [(x, y)], x above zero; y is cut to (low, high)."""

    def __init__(self, title, series, x_range, y_range, x_label, y_label, lines=True):
        self.title, self.series, self.x_label, self.y_label = title, series, x_label, y_label
        self.x_range, self.y_range, self.lines = x_range, y_range, lines

    def draw(self, left, top, colour_of):
        width, height = PANEL - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        x_low, x_high = (math.log(x) for x in self.x_range)
        y_low, y_high = self.y_range
        left, top = left + LEFT, top + TOP

        def place(x, y):
            share = (math.log(x) - x_low) / (x_high - x_low)
            level = (min(max(y, y_low), y_high) - y_low) / (y_high - y_low)
            return f"{left + width * share:.1f}", f"{top + height * (1 - level):.1f}"

        yield f'<text class="title" x="{left}" y="{top - 18}">{html.escape(self.title)}</text>'
        yield f'<text x="{left}" y="{top - 5}">{html.escape(self.y_label)}</text>'
        for y in ticks(*self.y_range):
            at = place(self.x_range[0], y)[1]
            kind = "zero" if abs(y) < 1e-12 else "grid"
            yield f'<line class="{kind}" x1="{left}" x2="{left + width}" y1="{at}" y2="{at}"/>'
            yield f'<text x="{left - 5}" y="{float(at) + 4:.1f}" text-anchor="end">{y:g}</text>'
        for x in powers(*self.x_range):
            at = place(x, y_low)[0]
            yield f'<path class="axis" d="M{at} {top + height}v4"/>'
            yield f'<text x="{at}" y="{top + height + 15}" text-anchor="middle">{x:,g}</text>'
        yield f'<path class="axis" d="M{left} {top}v{height}h{width}"/>'
        yield (f'<text x="{left + width / 2}" y="{top + height + 30}" text-anchor="middle">'
               f"{html.escape(self.x_label)}</text>")
        for name, points in self.series.items():
            kind = f's{colour_of[name]}'
            spots = [place(x, y) for x, y in sorted(points)]
            if self.lines and spots:
                yield f'<polyline class="{kind}" points="{" ".join(",".join(s) for s in spots)}"/>'
            elif not self.lines:
                yield from (f'<circle class="{kind}" cx="{x}" cy="{y}" r="3"/>' for x, y in spots)


def page(panels, columns):
    """The SVG of all panels, `columns` in a row, with one key for all."""
    names = list(dict.fromkeys(name for panel in panels for name in panel.series))
    colour_of = {name: i % len(COLOURS) for i, name in enumerate(names)}
    rows = math.ceil(len(panels) / columns)
    width, height = columns * PANEL, rows * HEIGHT + 24
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
             f'width="{width}" height="{height}">', f"<style>{style()}</style>"]
    at = LEFT
    for name in names:
        lines.append(f'<text class="s{colour_of[name]}" x="{at}" y="16">{html.escape(name)}</text>')
        at += 7 * len(name) + 24
    for i, panel in enumerate(panels):
        lines += panel.draw(i % columns * PANEL, 20 + i // columns * HEIGHT, colour_of)
    return "\n".join([*lines, "</svg>"]) + "\n"
