"""The port of the thinking: one request, one response, in the provider's own blocks.

`AnthropicModel` speaks the Messages API, `ScriptedModel` plays recorded problems; both pass the same contract
tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Protocol

from memory.log.events import Json
from memory.log.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDefinition:
    """A tool the model may ask for: name, what it does, and the JSON schema of its input."""

    name: str
    description: str
    input_schema: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """Everything the model sees. Equal prefixes of `messages` are equal byte for byte from call to call."""

    system: str
    tools: tuple[ToolDefinition, ...]
    messages: tuple[Json, ...]
    """Messages in the provider's form: {"role": "user" | "assistant", "content": [block, ...]}."""
    max_tokens: int
    model: str | None = None
    """Another model of the same provider; None for the adapter's own."""
    effort: str | None = None
    """None for the adapter's own; left out where the model does not know it."""
    schema: Json | None = None
    """The answer's text is JSON of this schema; left out where the model cannot be held to one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResponse:
    """A complete answer: the provider's content blocks verbatim, why it stopped, what it cost."""

    model: str
    blocks: tuple[Json, ...]
    stop_reason: str
    usage: Usage


class Model(Protocol):
    """Turns a request into a response, or raises one of `ModelError`'s kinds; never a part of an answer."""

    @property
    def name(self) -> str:
        """The model's identifier as recorded in the log and shown in the footer."""

    @property
    def notice(self) -> str | None:
        """A sentence people must see under each answer, or None (a scripted model says that it is one)."""

    def respond(
        self, request: ModelRequest, *, on_text: Callable[[str], None], cancelled: Event
    ) -> ModelResponse:
        """Ask and wait for the whole answer.

        `on_text` receives text as it streams, for display only. `cancelled` is watched at least once a second
        and ends the call with `ModelCancelled`. Waits between attempts are not made here: an overload is
        raised with the delay that the provider asks for.
        """


class ModelError(Exception):
    """The model gave no usable answer.

    ModelError
    ├── ModelOverloaded      busy or rate limited; `delay` seconds until it makes sense to ask again
    ├── ModelBroken          the connection or the stream broke; asking again may help
    ├── ContextTooLong       the request does not fit; asking the same again cannot help
    ├── ModelRejected        the request or the key is wrong; asking the same again cannot help
    └── ModelCancelled       the caller asked to stop
    """


class ModelOverloaded(ModelError):
    """The model is busy or the rate limit is reached."""

    def __init__(self, message: str, *, delay: float | None) -> None:
        super().__init__(message)
        self.delay = delay


class ModelBroken(ModelError):
    """The connection or the stream broke before the answer was complete."""


class ContextTooLong(ModelError):
    """The conversation does not fit into the model's context."""


class ModelRejected(ModelError):
    """The provider refuses the request: wrong key, unknown model or a malformed request."""


class ModelCancelled(ModelError):
    """The caller asked to stop."""
