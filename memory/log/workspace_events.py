"""The event of a prepared workspace that was brought up to date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceSynced:
    """The checkout is at the recorded base commit; from now on it may be changed."""

    VERSION: ClassVar[int] = 1
    reference: str
