"""What `oxbow doctor` finds: one line for each part of the product. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

from memory.log.events import Json

Status: TypeAlias = Literal["ok", "note", "wrong"]
"""Note: it works, and the operator should know. Wrong: something that people need does not work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was seen of one part."""

    part: str
    status: Status
    seen: str
    advice: str = ""
    """What to do; empty when there is nothing to do."""


def fit(findings: Sequence[Finding]) -> bool:
    """Whether everything that matters works."""
    return all(finding.status != "wrong" for finding in findings)


def told(finding: Finding) -> str:
    """One line for people."""
    mark = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}[finding.status]
    advice = f" -> {finding.advice}" if finding.advice else ""
    return f"{mark}  {finding.part:<16}  {' '.join(finding.seen.split())}{advice}"


def document(findings: Sequence[Finding]) -> Json:
    """The same for programs."""
    return {"fit": fit(findings), "findings": [asdict(finding) for finding in findings]}
