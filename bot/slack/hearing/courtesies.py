"""Nice things that are done after the acknowledgement, and said once where no log remembers them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor

from bot.slack.errors import SlackProblem

REMEMBERED_OCCASIONS = 1_000
"""Occasions on which something was said outside of any session. Forgetting them costs one more word."""

logger = logging.getLogger(__name__)


class Courtesies:
    """Of one process. None of them holds anything up, and none is missed when it fails."""

    def __init__(self, later: Executor) -> None:
        self._later = later
        self._told: set[tuple[str, str]] = set()

    def first_time(self, occasion: tuple[str, str]) -> bool:
        """Whether this process was not yet asked about the occasion, as far as it remembers."""
        if occasion in self._told:
            return False
        if len(self._told) >= REMEMBERED_OCCASIONS:
            self._told.clear()
        self._told.add(occasion)
        return True

    def soon(self, task: Callable[[], object]) -> None:
        """Something nice to do after the acknowledgement, and no harm when it fails."""

        def attempt() -> None:
            try:
                task()
            except SlackProblem as problem:
                logger.info("a courtesy was not done: %s", problem)

        self._later.submit(attempt)
