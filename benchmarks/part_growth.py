"""How the sparse layer's time grows: a plot of what a step takes over tokens, k and E."""

import math
import pathlib
import statistics

from programs import say
from tables import heading, text

AXES = {"tokens": "tokens (E = 16, k = 2)",
        "k": "experts for each token, k (E = 16, 2,048 tokens)",
        "experts": "experts, E (k = 2, 2,048 tokens: equal rows)"}
TYPES = ["float32", "bfloat16"]
PANEL, HEIGHT, LEFT, TOP, BOTTOM = 290, 250, 46, 46, 46
STYLE = """
  svg { background: #fff } text { font: 11px sans-serif; fill: #444 }
  .axis { stroke: #999; fill: none } .grid { stroke: #e6e6e6 }
  .float32 { stroke: #1f6fb4; fill: #1f6fb4 } .bfloat16 { stroke: #c8501e; fill: #c8501e }
  line.fit { stroke-width: 1.3; stroke-dasharray: 5 3; opacity: .75 } circle { stroke: none }
  text.float32, text.bfloat16 { stroke: none; font-weight: bold }
  @media (prefers-color-scheme: dark) {
    svg { background: #16191d } text { fill: #c4c9cf } .grid { stroke: #2b3036 }
    .float32 { stroke: #6cb0ee; fill: #6cb0ee } .bfloat16 { stroke: #f08a5c; fill: #f08a5c }
  }
"""


def measure(programs, flags):
    """Axis -> type -> [(value, ms)], medians."""
    say("growth")
    report = programs.ours("sparse_layer", "^growth/", flags.seconds / 8, flags.rounds)
    points = {axis: {kind: [] for kind in TYPES} for axis in AXES}
    for name in report.runs:
        _, axis, kind, value = name.split("/")
        points[axis][kind].append((int(value), statistics.median(report.times(name))))
    return points


def straight_line(points):
    """Intercept and slope by least squares."""
    slope, intercept = statistics.linear_regression(*zip(*points))
    return intercept, slope


def exponent(points):
    """p of time ~ value^p, by least squares of the logarithms: 1 is proportional."""
    return statistics.linear_regression(*[list(map(math.log, side)) for side in zip(*points)])[0]


def ticks(most):
    """Round numbers from zero up to `most`, six at most besides it."""
    step = 10 ** math.floor(math.log10(most / 6))
    step *= next(factor for factor in (1, 2, 5, 10) if most / (factor * step) <= 6)
    return [i * step for i in range(int(most / step) + 1)]


def panel(axis, series, left):
    """SVG lines of one plot whose frame begins at `left`."""
    width, bottom = PANEL - LEFT - 14, HEIGHT - BOTTOM
    values = [point for points in series.values() for point in points]
    most_x, most_y = max(x for x, _ in values) * 1.04, max(y for _, y in values) * 1.08

    def place(x, y):
        return left + width * x / most_x, bottom - (bottom - TOP) * y / most_y

    right = left + width
    for y in ticks(most_y):
        level = place(0, y)[1]
        yield f'<line class="grid" x1="{left}" y1="{level:.1f}" x2="{right}" y2="{level:.1f}"/>'
        yield f'<text x="{left - 6}" y="{level + 4:.1f}" text-anchor="end">{y:g}</text>'
    for x in sorted({x for x, _ in values}):
        at = place(x, 0)[0]
        yield f'<path class="axis" d="M{at:.1f} {bottom}v4"/>'
        yield f'<text x="{at:.1f}" y="{bottom + 16}" text-anchor="middle">{x:,}</text>'
    yield f'<text x="{left - 6}" y="{TOP - 4}" text-anchor="end">ms</text>'
    yield f'<path class="axis" d="M{left} {TOP}V{bottom}H{right}"/>'
    yield (f'<text x="{left + width / 2:.1f}" y="{bottom + 36}" text-anchor="middle">'
           f'{AXES[axis]}</text>')
    for kind, points in series.items():
        intercept, slope = straight_line(points)
        ends = [place(x, intercept + slope * x) for x in (points[0][0], points[-1][0])]
        (x1, y1), (x2, y2) = ends
        yield (f'<line class="fit {kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" '
               f'y2="{y2:.1f}"/>')
        for point in points:
            x, y = place(*point)
            yield f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>'


def picture(points):
    width = PANEL * len(AXES)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" '
             f'width="{width}" height="{HEIGHT}" role="img" '
             'aria-label="Time of a step over tokens, k and E">', f"<style>{STYLE}</style>",
             f'<text x="{LEFT}" y="16">One step, forward and backward. '
             'Dashed: the straight line that fits best.</text>']
    for i, kind in enumerate(TYPES):
        at = width - 170 + 80 * i
        lines.append(f'<circle class="{kind}" cx="{at}" cy="12" r="3.2"/>'
                     f'<text class="{kind}" x="{at + 8}" y="16">{kind}</text>')
    for i, (axis, series) in enumerate(points.items()):
        lines += panel(axis, series, LEFT + i * PANEL)
    return "\n".join([*lines, "</svg>", ""])


def show(points, plot):
    heading("How the sparse layer's time grows", 3)
    text("At D 512 and F 256 on the even load, one of tokens, k and E changed at a time.")
    if plot:
        pathlib.Path(plot).write_text(picture(points))
        text(f"![Time of a step over tokens, k and E]({pathlib.Path(plot).name})")
    lines = []
    for axis, name in (("tokens", "tokens"), ("k", "k"), ("experts", "E at equal rows")):
        powers = " and ".join(f"{exponent(points[axis][kind]):.2f} ({kind})" for kind in TYPES)
        lines.append(f"- {name}: to the power {powers}")
    text("By least squares of the logarithms, time grows with (1: in proportion; less: better)", "",
         *lines)
