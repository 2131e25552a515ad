"""A model that plays recorded problems: no key, no network, the same answer every time.

Only the words are recorded. The commands really run, and the playback stops when their results are not those
of the recording.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from threading import Event

from bot.model.playback import AfterAnswer, Playing, Unrecorded, locate
from bot.model.port import ModelCancelled, ModelRequest, ModelResponse
from bot.model.script import Call, Problem
from memory.log.events import Json
from memory.log.usage import Usage

QUOTED = 120
"""Characters of a person's words repeated in the acknowledgement: enough to be recognised."""


class ScriptedModel:
    """Plays `problems`. Stateless: the request's messages alone decide, so any process can go on.

    `pace` is the pause in seconds before each chunk of streamed text, so that people can watch and steer.
    """

    def __init__(self, problems: Sequence[Problem], *, pace: float = 0.0) -> None:
        self._problems = tuple(problems)
        self._pace = pace

    @property
    def name(self) -> str:
        """The name in the log and in the footer."""
        return "scripted"

    @property
    def notice(self) -> str | None:
        """What people must know about every answer."""
        return "Scripted model: the words were recorded in advance; the commands and their results are real."

    def respond(
        self, request: ModelRequest, *, on_text: Callable[[str], None], cancelled: Event
    ) -> ModelResponse:
        """The move that the conversation asks for, or a word about what can be played."""
        name = self._sorted(request)
        text, calls = self._next(request.messages) if name is None else (name, ())
        for chunk in _chunks(text):
            if cancelled.wait(self._pace):
                raise ModelCancelled("The scripted model was asked to stop.")
            on_text(chunk)
        blocks = [{"type": "text", "text": text}, *_tool_uses(calls, request.messages)]
        return ModelResponse(
            model=self.name,
            blocks=tuple(blocks),
            stop_reason="tool_use" if calls else "end_turn",
            usage=Usage(),
        )

    def _sorted(self, request: ModelRequest) -> str | None:
        """Asked for one of some repositories: that of the recorded problem that fits, else the last choice,
        which is that it is not known; None when something else is asked."""
        wanted = (request.schema or {}).get("properties", {}).get("repository")
        if wanted is None:
            return None
        choices = wanted["enum"]
        match locate(request.messages, self._problems):
            case Playing(problem=problem) | AfterAnswer(problem=problem) if problem.repository in choices:
                return json.dumps({"repository": problem.repository})
            case _:
                return json.dumps({"repository": choices[-1]})

    def _next(self, messages: Sequence[Json]) -> tuple[str, tuple[Call, ...]]:
        match locate(messages, self._problems):
            case Playing() as playing:
                return _play(playing)
            case AfterAnswer(problem=problem):
                return f"The recording “{problem.title}” ends with the answer above. {self._offer()}", ()
            case Unrecorded():
                return f"I have no recording that fits this. {self._offer()}", ()

    def _offer(self) -> str:
        lines = (f"- in #{problem.channel}: {problem.mention}" for problem in self._problems)
        return "\n".join(
            [
                "I am a scripted model: I cannot think about new problems, I play recorded ones against "
                "their sample repositories. Mention me with one of these:",
                *lines,
            ]
        )


def _play(playing: Playing) -> tuple[str, tuple[Call, ...]]:
    acknowledged = _acknowledge(playing.aside)
    if playing.missing:
        return (
            f"{acknowledged}In the recording this step shows `{playing.missing.strip()}`, here it does not. "
            "I am a scripted model and cannot find out why, so I stop here. Is the workspace the sample "
            "repository in its first state?"
        ), ()
    if playing.made == len(playing.moves):
        return acknowledged + playing.answer, ()
    move = playing.moves[playing.made]
    return acknowledged + move.text, move.calls


def _acknowledge(aside: str) -> str:
    if not aside:
        return ""
    line = " ".join(aside.split())
    quoted = line if len(line) <= QUOTED else f"{line[:QUOTED].rstrip()}…"
    return (
        f"I have read “{quoted}”. A recording cannot change course, a thinking model would take it into "
        "account from here on.\n\n"
    )


def _chunks(text: str) -> Iterator[str]:
    """The text in lines, as a stream would bring it; together they are the text."""
    return (match.group() for match in re.finditer(r"[^\n]*\n+|[^\n]+", text))


def _tool_uses(calls: Sequence[Call], messages: Sequence[Json]) -> list[Json]:
    """Identifiers follow from the whole conversation: equal when asked again, different at every position."""
    said = sha256(json.dumps(messages, sort_keys=True).encode())
    return [
        {
            "type": "tool_use",
            "id": f"toolu_{sha256(said.digest() + bytes([number])).hexdigest()[:24]}",
            "name": call.tool,
            "input": call.input,
        }
        for number, call in enumerate(calls)
    ]
