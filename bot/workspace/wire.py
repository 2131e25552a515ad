"""The smallest words of Slack's wire format: JSON objects, identifiers and time stamps."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
"""A JSON object as it travels."""

_ALPHABET = string.ascii_uppercase + string.digits


def identifier(prefix: str) -> str:
    """A fresh identifier in Slack's form: the prefix and ten capital letters or digits."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(10))


class TimeStamps:
    """Message time stamps: seconds and six decimals as text, unique, strictly rising.

    A time stamp is the identity of a message in its channel, so two messages of one microsecond get two.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """The time stamp of what happens now."""
        self._last = max(self._last + 1, int(self._clock() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
