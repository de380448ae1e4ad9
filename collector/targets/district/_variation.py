"""The coefficient of variation between schools (校际差异系数), also where a school's number is only known in bounds.

The formula is that of the Ministry of Education's supervision of balanced compulsory education
(教育部《县域义务教育均衡发展督导评估暂行办法》，教督〔2012〕3 号；
《县域义务教育优质均衡发展督导评估办法》，教督〔2017〕6 号):
CV = S / X, X = sum(x_i) / sum(P_i), S = sqrt(sum(P_i / P_N (X_i - X)^2)), X_i = x_i / P_i, where P_i are a school's
students, P_N those of all schools and x_i the school's resource.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, sqrt

MAX_ENUMERATED = 10
"""Schools in bounds whose every combination is tried; with more, an outer bound is taken."""
_STEPS = 60


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
    """The least and the most that CV can be; the most is infinite where nothing bounds it.

    None when the mean can only be zero, or there are fewer than two schools: there is nothing to vary.
    """
    if len(shares) < 2 or all(share.most == 0 for share in shares):
        return None
    whole = sum(share.students for share in shares)
    weighed = [(share.students / whole, share.least, share.most) for share in shares]
    return _least(weighed), _most(weighed)


def _cv(points: Sequence[tuple[float, float]]) -> float:
    """CV of weights and values; infinite with a mean of zero, which says that nobody has anything."""
    mean = sum(weight * value for weight, value in points)
    if mean <= 0:
        return inf
    return sqrt(max(0.0, sum(weight * (value - mean) ** 2 for weight, value in points))) / mean


def _least(weighed: Sequence[tuple[float, float, float]]) -> float:
    """For a given mean the spread is least when every school is as near to one common value as its bounds allow, so
    only that value c is looked for: at a bound, or where c = Σ wX² / Σ wX over the schools that their bounds hold.
    """
    edges = sorted({edge for _, low, high in weighed for edge in (low, high) if edge < inf})
    candidates = list(edges)
    for at, edge in enumerate(edges):
        middle = (edge + edges[at + 1]) / 2 if at + 1 < len(edges) else edge + 1
        candidates.append(middle)  # where no school is held, any common value is as even as can be
        held = [(w, min(max(middle, low), high)) for w, low, high in weighed if not low < middle < high]
        first = sum(w * x for w, x in held)
        if first > 0:
            candidates.append(sum(w * x * x for w, x in held) / first)
    return min(_cv([(w, min(max(c, low), high)) for w, low, high in weighed]) for c in candidates)


def _most(weighed: Sequence[tuple[float, float, float]]) -> float:
    """CV + 1 squared is a norm over a mean, so it is greatest where each school is at one of its bounds."""
    if any(high == inf for _, _, high in weighed):
        return inf
    open_ones = [one for one in weighed if one[1] < one[2]]
    known = [(w, low) for w, low, high in weighed if low == high]
    if len(open_ones) <= MAX_ENUMERATED:
        corners = product(*((low, high) for _, low, high in open_ones))
        return max(
            _cv([*known, *((w, x) for (w, _, _), x in zip(open_ones, corner, strict=True))]) for corner in corners
        )
    return _outer(weighed)


def _outer(weighed: Sequence[tuple[float, float, float]]) -> float:
    """A bound from above: the smallest r for which Σ wX² − r (Σ wX)² cannot be positive. −r m² is the least of its
    tangents −2rcm + rc², and for one tangent each school's worst is at one of its bounds by itself."""
    if sum(w * low for w, low, _ in weighed) <= 0:
        return inf
    top = max(high for _, _, high in weighed)

    def above(r: float) -> float:
        def of(c: float) -> float:
            worst = (w * max(low * (low - 2 * r * c), high * (high - 2 * r * c)) for w, low, high in weighed)
            return sum(worst) + r * c * c

        low, high = 0.0, top
        for _ in range(_STEPS):  # convex in c
            left, right = low + (high - low) / 3, high - (high - low) / 3
            if of(left) < of(right):
                high = right
            else:
                low = left
        return of((low + high) / 2)

    mean = sum(w * low for w, low, _ in weighed)
    least, most = 1.0, max(1.0, sum(w * high * high for w, _, high in weighed) / mean**2)
    for _ in range(_STEPS):
        middle = (least + most) / 2
        least, most = (middle, most) if above(middle) > 0 else (least, middle)
    return sqrt(max(0.0, most - 1))
