"""Benefit kept, (student - dense) / (mixture - dense), with Fieller's interval over paired seeds."""

import dataclasses
import math
import statistics

# Student's t, 97.5 %, by degrees of freedom from 1 on.
T975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
        2.052, 2.048, 2.045]


def t975(degrees):
    if not 1 <= degrees <= len(T975):
        raise ValueError(f"{degrees + 1} paired seeds; expected 2 to {len(T975) + 1}, for which Student's t is tabled")
    return T975[degrees - 1]


@dataclasses.dataclass
class Kept:
    share: float
    low: float               # of the 95 % interval; nan where it has no end
    high: float
    denominator: float       # mixture less dense
    standard_errors: float   # of the denominator

    @property
    def is_noise(self):
        return self.standard_errors < 5


def benefit_kept(student, dense, mixture):
    """Scores of the same seeds, higher being better. Fieller 1954: the values r for which the mean of
    (student - dense) - r (mixture - dense) is not off 0."""
    above = [s - d for s, d in zip(student, dense, strict=True)]
    below = [m - d for m, d in zip(mixture, dense, strict=True)]
    n = len(above)
    t = t975(n - 1)
    a, b = statistics.fmean(above), statistics.fmean(below)
    vaa, vbb = statistics.variance(above) / n, statistics.variance(below) / n
    vab = statistics.covariance(above, below) / n
    # (a - r b)^2 <= t^2 (vaa - 2 r vab + r^2 vbb), a parabola in r.
    square, linear, constant = b * b - t * t * vbb, a * b - t * t * vab, a * a - t * t * vaa
    root = linear * linear - square * constant
    low = high = math.nan
    if square > 0 and root >= 0:
        low, high = (linear - math.sqrt(root)) / square, (linear + math.sqrt(root)) / square
    return Kept(a / b if b else math.nan, low, high, b, abs(b) / math.sqrt(vbb) if vbb > 0 else math.inf)


def paired_difference(a, b):
    """Mean of a - b, and its 95 % interval."""
    differences = [x - y for x, y in zip(a, b, strict=True)]
    t = t975(len(differences) - 1)
    mean = statistics.fmean(differences)
    half = t * statistics.stdev(differences) / math.sqrt(len(differences))
    return mean, mean - half, mean + half
