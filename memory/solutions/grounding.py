"""Grounding: what a model says of a thread, held against the thread. Pure.

A model may be wrong, and a text in the thread may tell it what to say. So an error, a command, a file or a
version is kept only if it stands in the thread letter for letter, and a sentence that names one which does
not is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import unescape

from memory.log.events import Json
from memory.solutions.forms import FormFields

MOST_ITEMS = 8
"""Of each list: what the rules keep of symptoms, which is more than anybody reads."""

LONGEST_ITEM = 500
LONGEST_PROSE = 2_000
"""Characters. A longer cause or fix is no summary; the whole answer is in the thread's passages anyway."""

_TEXTS = ("problem", "cause", "fix")
_LISTS = ("symptoms", "environment", "commands", "files")

_NAMES = re.compile(
    r"`([^`\n]+)`"  # code
    r"|(https?://[^\s<>()\"]+)"
    r"|\b(\w*(?:Error|Exception|Failure|Warning))\b"
    r"|((?:[\w.-]*/){2,}[\w.-]*|[\w-]+/[\w-]+\.\w+)"  # a path
    r"|\"([^\"\n]{3,})\""
)
"""What a sentence names exactly, so that it can be looked for."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


def grounded(said: Json, source: Sequence[str]) -> FormFields | None:
    """The fields of a model's answer as far as `source` bears them out; None when it is no such answer.

    What else the answer holds, an outcome for one, is not read.
    """
    if not all(isinstance(said.get(name), str) for name in _TEXTS):
        return None
    if not all(map(_strings, map(said.get, _LISTS))):
        return None
    whole = "\n".join(source)
    problem, cause, fix = (_prose(said[name], whole) for name in _TEXTS)
    symptoms, environment, commands, files = (tuple(_items(said[name], whole)) for name in _LISTS)
    return FormFields(
        problem=problem,
        symptoms=symptoms,
        environment=environment,
        cause=cause,
        fix=fix,
        commands=commands,
        files=files,
    )


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _items(said: Iterable[str], whole: str) -> Iterator[str]:
    found = (_verbatim(item.strip(), whole) for item in said)
    kept = dict.fromkeys(item for item in found if item and len(item) <= LONGEST_ITEM)
    yield from list(kept)[:MOST_ITEMS]


def _verbatim(item: str, whole: str) -> str | None:
    """The item as the thread has it; the thread was sent with `<` and `&` escaped, and may come back so."""
    return next((form for form in (item, unescape(item)) if form in whole), None)


def _prose(said: str, whole: str) -> str:
    sentences = (sentence.strip() for sentence in _SENTENCE.split(unescape(said)))
    kept = " ".join(sentence for sentence in sentences if sentence and _borne_out(sentence, whole))
    return kept[:LONGEST_PROSE]


def _borne_out(sentence: str, whole: str) -> bool:
    names = (next(filter(None, match.groups())) for match in _NAMES.finditer(sentence))
    return all(name.rstrip(".,;:!?") in whole for name in names)
