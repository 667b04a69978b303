"""Times measured side by side: machines are shared and slow down, ratios stay.

All candidates run in turn, many rounds; a time is the median over the rounds, a ratio the
median of the ratios within a round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import Any

Candidates = Mapping[str, Callable[[], Any]]


def seconds(function: Callable[[], Any], repeats: int) -> float:
    """The mean time of a call."""
    start = perf_counter()
    for _ in range(repeats):
        function()
    return (perf_counter() - start) / repeats


class Race:
    """The times of some candidates, round by round."""

    def __init__(self, candidates: Candidates, rounds: int = 15, least: float = 0.01) -> None:
        self.times: dict[str, list[float]] = {name: [] for name in candidates}
        first = {name: seconds(f, 1) for name, f in candidates.items()}  # warms up, too
        repeats = {name: max(1, int(least / time)) for name, time in first.items()}
        for _ in range(rounds):
            for name, function in candidates.items():
                self.times[name].append(seconds(function, repeats[name]))

    def time(self, name: str) -> float:
        """The median time of a candidate, in seconds."""
        return median(self.times[name])

    def ratio(self, name: str, base: str) -> float:
        """How many times as long as `base` a candidate takes."""
        pairs = zip(self.times[name], self.times[base], strict=True)
        return median(a / b for a, b in pairs)
