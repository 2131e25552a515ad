"""Events as they are stored: a type name, a version, and a JSON text.

The text is ASCII with escapes: a command may print a zero byte, half an emoji may come out of Slack, and both
must come back as they were. Objects keep the order of their keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from typing import TypeAlias, cast, get_args

from pydantic import TypeAdapter, ValidationError

from memory.errors import UnknownEvent
from memory.log.events import Event, Json, Received, Recorded

Upcast: TypeAlias = Callable[[Json], Json]
"""Turns the payload of one version into that of the next."""


def _compaction_unpriced(payload: Json) -> Json:
    """Version 1 did not tell which model wrote the summary, nor at what expense."""
    return {**payload, "model": "", "usage": {}}


UPCASTS: Mapping[tuple[str, int], Upcast] = {("context_compacted", 1): _compaction_unpriced}
"""By type name and version read. Every version below the current one of its class has an entry."""


def encode(event: Event) -> tuple[str, int, str]:
    """Type name, version and payload text. Raises ValueError for a number that JSON has no form for."""
    payload = json.dumps(asdict(event), allow_nan=False, separators=(",", ":"))
    return type_name(type(event)), event.VERSION, payload


def decode(
    name: str, version: int, payload: str, upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS
) -> Event:
    """The event that was encoded, brought to the current version of its class.

    Raises UnknownEvent when this program does not know the type, the version, or the shape.
    """
    kind = _types().get(name)
    if kind is None or version > kind.VERSION:
        raise UnknownEvent(
            f"Event {name!r} version {version} was written by a newer oxbow: upgrade this process."
        )
    fields: Json = json.loads(payload)
    for older in range(version, kind.VERSION):
        if (name, older) not in upcasts:
            raise UnknownEvent(f"There is no upcast for event {name!r} version {older}.")
        fields = upcasts[name, older](fields)
    try:
        return _adapter(name).validate_python(fields)
    except ValidationError as error:
        raise UnknownEvent(
            f"Event {name!r} version {version} has a shape that this oxbow does not know."
        ) from error


def type_name(kind: type[Event]) -> str:
    """`MessageReceived` is stored as `message_received`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


@cache
def _types() -> Mapping[str, type[Event]]:
    return {type_name(kind): kind for kind in (*get_args(Received), *get_args(Recorded))}


@cache
def _adapter(name: str) -> TypeAdapter[Event]:
    return cast(TypeAdapter[Event], TypeAdapter(_types()[name]))
