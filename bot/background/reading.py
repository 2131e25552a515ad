"""Old threads read by the small model while they are imported, a bounded number of them."""

from __future__ import annotations

from decimal import Decimal
from threading import Event

from bot.brain.distilling import Distilling
from bot.model.prices import cost
from memory.solutions.kept_forms import Read
from memory.solutions.solution import Solution


class BoundedReader:
    """Reads threads until it has made `most` calls; the rest stay as the rules read them."""

    def __init__(self, distilling: Distilling, most: int) -> None:
        self._distilling = distilling
        self._most = most
        self.calls = 0
        self.dollars = Decimal()
        """Where the price of the model is known."""

    def __call__(self, solution: Solution) -> Read:
        """The thread as the model reads it, or as the rules did."""
        distilled = self._distilling.distil(solution, may_ask=self.calls < self._most, abandoned=Event())
        if distilled.reading is not None:
            self.calls += 1
            self.dollars += cost(distilled.reading.usage, self._distilling.name) or Decimal()
        return distilled.read
