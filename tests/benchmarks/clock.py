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


def seconds(
    function: Callable[[], Any], repeats: int, clock: Callable[[], float] = perf_counter
) -> float:
    """The mean time of a call."""
    start = clock()
    for _ in range(repeats):
        function()
    return (clock() - start) / repeats


class Race:
    """The times of some candidates, round by round.

    What runs on one thread may be timed by `time.process_time`: it stands still while others run.
    """

    def __init__(
        self,
        candidates: Candidates,
        rounds: int = 15,
        least: float = 0.01,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self.times: dict[str, list[float]] = {name: [] for name in candidates}
        first = {name: seconds(f, 1, clock) for name, f in candidates.items()}  # warms up, too
        repeats = {name: max(1, int(least / max(time, 1e-7))) for name, time in first.items()}
        for _ in range(rounds):
            for name, function in candidates.items():
                self.times[name].append(seconds(function, repeats[name], clock))

    def time(self, name: str) -> float:
        """The median time of a candidate, in seconds."""
        return median(self.times[name])

    def ratio(self, name: str, base: str) -> float:
        """How many times as long as `base` a candidate takes."""
        pairs = zip(self.times[name], self.times[base], strict=True)
        return median(a / b for a, b in pairs)
