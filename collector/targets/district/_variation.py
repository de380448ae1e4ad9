"""The coefficient of variation between schools (校际差异系数), also where a school's number is only known in bounds.

The formula is that of the Ministry of Education's supervision of balanced compulsory education
(教育部《县域义务教育均衡发展督导评估暂行办法》，教督〔2012〕3 号；
《县域义务教育优质均衡发展督导评估办法》，教督〔2017〕6 号), which weighs schools by their students:
CV = S / X, X = Σ x_i / Σ P_i, S = sqrt(Σ P_i / P_N (X_i - X)²), X_i = x_i / P_i, where P_i are a school's
students, P_N those of all schools and x_i the school's resource.

With weights w = P_i / P_N, CV² + 1 = Σ w X² / (Σ w X)²: all bounds below rest on this.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import fsum, inf, sqrt

MAX_ENUMERATED = 10
"""Schools in bounds whose every combination is tried; with more, an outer bound is taken."""

_Weighed = Sequence[tuple[float, float, float]]
"""Of each school its weight, and the least and the most that one of its students has."""


@dataclass(frozen=True, slots=True)
class Share:
    """A school's students and what it has for each of them, between two bounds (equal when known)."""

    students: int
    least: float
    most: float
    """Infinite where nothing bounds it."""

    @property
    def is_known(self) -> bool:
        return self.least == self.most


def bounds(shares: Sequence[Share]) -> tuple[float, float] | None:
    """The least and the most that CV can be; the most is infinite where it may be that no school has anything.

    None when the mean can only be zero, or there are fewer than two schools: there is nothing to vary.
    """
    if len(shares) < 2 or all(share.most == 0 for share in shares):
        return None
    whole = sum(share.students for share in shares)
    if all(share.is_known for share in shares):
        known = _cv([(share.students / whole, share.least) for share in shares])
        return known, known
    weighed = [(share.students / whole, share.least, share.most) for share in shares]
    least = _least(weighed)
    return least, max(least, _most(weighed))


def _cv(points: Sequence[tuple[float, float]]) -> float:
    """CV of weights and values; infinite with a mean of zero, which says that nobody has anything."""
    mean = fsum(weight * value for weight, value in points)
    if mean <= 0:
        return inf
    return sqrt(fsum(weight * (value - mean) ** 2 for weight, value in points)) / mean


def _least(weighed: _Weighed) -> float:
    """For a given mean Σ w X² is least when every school is as near to one common value c as its bounds allow, so that
    only c is looked for. CV falls while c < Σ w X² / Σ w X and rises after, which a search by halves finds: between
    two neighbouring bounds the best c is Σ w X² / Σ w X over the schools that their bounds hold.
    """
    edges = sorted({edge for _, low, high in weighed for edge in (low, high) if edge < inf})
    if any(high == inf for _, _, high in weighed):
        edges.append(edges[-1] + 1)

    def at(c: float) -> list[tuple[float, float]]:
        return [(w, min(max(c, low), high)) for w, low, high in weighed]

    def too_high(c: float) -> float:
        return fsum(w * x * (c - x) for w, x in at(c))

    first, last = bisect_left(edges, 0.0, key=too_high), bisect_right(edges, 0.0, key=too_high)
    candidates = [edges[n] for n in {max(first - 1, 0), min(first, len(edges) - 1), max(last - 1, 0)}]
    if 0 < first < len(edges):
        below, above = edges[first - 1], edges[first]
        held = [(w, low if low >= above else high) for w, low, high in weighed if low >= above or high <= below]
        if (mean := fsum(w * x for w, x in held)) > 0:
            candidates.append(min(max(fsum(w * x * x for w, x in held) / mean, below), above))
    return min(_cv(at(c)) for c in candidates)


def _most(weighed: _Weighed) -> float:
    """A root of Σ w X² is a norm and the mean is linear, so that CV is greatest where each school is at a bound.

    A school without an upper bound that has all there is, gives CV² + 1 = 1 / w; several such ones give less than that.
    """
    if all(low == 0 for _, low, _ in weighed):
        return inf
    lightest = min((w for w, _, high in weighed if high == inf), default=1.0)
    bounded = [(w, low, low if high == inf else high) for w, low, high in weighed]
    is_few = sum(low < high for _, low, high in bounded) <= MAX_ENUMERATED
    return max(_of_every_corner(bounded) if is_few else _outer(bounded), sqrt(max(0.0, 1 / lightest - 1)))


def _of_every_corner(weighed: _Weighed) -> float:
    open_ones = [one for one in weighed if one[1] < one[2]]
    known = [(w, low) for w, low, high in weighed if low == high]
    mean, square = fsum(w * x for w, x in known), fsum(w * x * x for w, x in known)

    def ratio(corner: Sequence[float]) -> float:
        total = mean + sum(w * x for (w, _, _), x in zip(open_ones, corner, strict=True))
        return (square + sum(w * x * x for (w, _, _), x in zip(open_ones, corner, strict=True))) / total**2

    corner = max(product(*((low, high) for _, low, high in open_ones)), key=ratio)
    return _cv([*known, *((w, x) for (w, _, _), x in zip(open_ones, corner, strict=True))])


def _outer(weighed: _Weighed) -> float:
    """A bound from above. Between its bounds l and h a school's X² is at most its chord (l + h) X - l h. Of the chords'
    sum Q, the most for a given mean m is reached by raising the schools with the greatest l + h first; so Q(m) is
    pieces of lines a + b m, and Q / m² is greatest at an end of a piece or at m = -2 a / b within it.
    """
    mean, square = fsum(w * low for w, low, _ in weighed), fsum(w * low * low for w, low, _ in weighed)
    greatest = square / mean**2
    for w, low, high in sorted(weighed, key=lambda one: -(one[1] + one[2])):
        if low == high:
            continue
        slope, end = low + high, mean + w * (high - low)
        start = square - slope * mean
        if start < 0 and mean < -2 * start / slope < end:
            greatest = max(greatest, slope**2 / (-4 * start))
        mean, square = end, square + slope * w * (high - low)
        greatest = max(greatest, square / mean**2)
    return sqrt(max(0.0, greatest - 1))
