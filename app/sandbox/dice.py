"""Chance that can be repeated: the same seed always throws the same, on every Python."""

from __future__ import annotations

import math
import random
from bisect import bisect
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A seeded source of choices; only `random()` is drawn, whose sequence Python guarantees."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random  # noqa: S311 -- a plan, not a secret

    def happens(self, percent: float) -> bool:
        """Say yes in so many of a hundred throws."""
        return self._random() * 100 < percent

    def whole(self, low: int, high: int) -> int:
        """Throw a whole number, both ends included."""
        return low + int(self._random() * (high - low + 1))

    def one_of(self, choices: Sequence[T]) -> T:
        """Pick one, all alike."""
        return choices[int(self._random() * len(choices))]

    def weighted(self, choices: Sequence[T], cumulative: Sequence[float]) -> T:
        """Pick one by its share of the running totals of the weights."""
        return choices[bisect(cumulative, self._random() * cumulative[-1])]

    def skewed(self, mean: float, spread: float) -> float:
        """Throw a positive number with a long tail (log-normal) of a given mean."""
        first, second = 1.0 - self._random(), self._random()
        normal = math.sqrt(-2 * math.log(first)) * math.cos(2 * math.pi * second)
        return mean * math.exp(spread * normal - spread * spread / 2)
