"""Events of files that Oxbow puts into the thread: the intent with Slack's id of each, and the outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUploaded:
    """Slack has the bytes, and nobody sees them before they are put into the thread."""

    VERSION: ClassVar[int] = 1
    key: str
    """A tool call's id, or that of a long piece of code in an answer; never used twice."""
    file: str
    """Slack's id."""
    name: str
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePosted:
    """The file is in the thread, or will not be."""

    VERSION: ClassVar[int] = 1
    key: str
    problem: str = ""
    """Why it is not, in words for the model and for people."""


OutgoingRecorded: TypeAlias = FileUploaded | FilePosted
