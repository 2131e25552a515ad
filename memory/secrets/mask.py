"""Secrets in text: found and masked before anything is stored, shown to a model or searched for.

Three sources together: the rules of a maintained detector (Kingfisher, several hundred kinds of credentials,
compiled into one automaton), our own shapes and names for what it leaves out, and what the operator adds.
A mask is visible, says what it hides, and masking twice is masking once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from memory.secrets.names import spots_by_name
from memory.secrets.shapes import Spot, spots_by_shape
from memory.solutions.solution import Evidence, Solution, Utterance

SHORTEST_KNOWN = 8
"""Characters of a secret of our own that is looked for; a shorter one would be found inside words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A text without its secrets, and what each of them was, in the order of the text."""

    text: str
    kinds: tuple[str, ...]


class SecretMask:
    """Finds secrets and puts `[masked KIND]` in their place. Safe to use from several threads; no network.

    `patterns` are regular expressions of the workspace's own secrets, `known` are secrets of this very
    process, which no text may hold whatever they look like. Making one takes 0.3 seconds, the first on a
    machine up to three; masking 32 KB takes some milliseconds.
    """

    def __init__(self, *, patterns: Sequence[str] = (), known: Iterable[str] = ()) -> None:
        from kingfisher_sdk import Rules, Scanner  # noqa: PLC0415 - a library of 36 MB

        self._scanner = Scanner(Rules(confidence="medium"), base64=False)
        self._patterns = tuple(re.compile(pattern) for pattern in patterns)
        self._known = tuple(secret for secret in known if len(secret) >= SHORTEST_KNOWN)

    def mask(self, text: str) -> Masked:
        """The text with a mask for each secret; the same text when it holds none."""
        pieces, kinds, at = [], [], 0
        for spot in _merged(self._spots(text)):
            pieces += [text[at : spot.start], f"[masked {spot.kind}]"]
            kinds.append(spot.kind)
            at = spot.end
        return Masked(text="".join([*pieces, text[at:]]), kinds=tuple(kinds))

    def text(self, text: str) -> str:
        """The text alone, where nobody needs to be told."""
        return self.mask(text).text

    def solution(self, solution: Solution) -> Solution:
        """The solution with every text in it masked."""
        return replace(
            solution,
            problem=self.text(solution.problem),
            fix=self.text(solution.fix),
            cause=self.text(solution.cause),
            symptoms=tuple(map(self.text, solution.symptoms)),
            environment=tuple(map(self.text, solution.environment)),
            files=tuple(map(self.text, solution.files)),
            evidence=tuple(
                Evidence(command=self.text(run.command), exit_code=run.exit_code) for run in solution.evidence
            ),
            conversation=tuple(
                Utterance(author=said.author, text=self.text(said.text)) for said in solution.conversation
            ),
        )

    def _spots(self, text: str) -> Iterator[Spot]:
        yield from spots_by_shape(text)
        for secret in self._known:
            yield from _everywhere(text, secret, "secret of this bot")
        for pattern in self._patterns:
            for match in pattern.finditer(text):
                yield Spot(start=match.start(), end=match.end(), kind="pattern of this workspace")
        yield from spots_by_name(text)
        for secret, kind in self._detected(text).items():
            yield from _everywhere(text, secret, kind)

    def _detected(self, text: str) -> dict[str, str]:
        """What the detector's rules find, each secret once, and its kind."""
        findings = self._scanner.scan(text.encode("utf-8", "replace"))
        # `betterleaks.npm-access-token`, `veles.secrets/sendgrid`
        return {
            finding.secret: re.split(r"[./]", finding.rule_id)[-1].replace("-", " ")
            for finding in findings
            if finding.visible
        }


def _everywhere(text: str, secret: str, kind: str) -> Iterator[Spot]:
    start = text.find(secret) if secret else -1
    while start >= 0:
        yield Spot(start=start, end=start + len(secret), kind=kind)
        start = text.find(secret, start + len(secret))


def _merged(spots: Iterable[Spot]) -> list[Spot]:
    """In the order of the text, those that touch made one, which is called as the first source called it."""
    merged: list[Spot] = []
    for spot in sorted((s for s in spots if s.end > s.start), key=lambda s: s.start):
        if merged and spot.start < merged[-1].end:
            merged[-1] = replace(merged[-1], end=max(merged[-1].end, spot.end))
        else:
            merged.append(spot)
    return merged
