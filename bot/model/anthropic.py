"""The Anthropic adapter: one streamed call of the Messages API per request, without any retry of its own.

A stream is read in a thread of its own (`bot.model.interruptible`). To give up, the caller shuts the call's
socket down, which ends a blocked read at once; closing it from another thread would not, and a read timeout
short enough to notice a wish to stop would break off a model that thinks. So every call has a connection of
its own, which also spares it the stale connections of a pool; the handshake is nothing beside the answer.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import cached_property
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from bot.model.capabilities import DEFAULT_MODEL, capabilities, check_effort
from bot.model.interruptible import interruptible
from bot.model.parameters import parameters
from bot.model.port import (
    ContextTooLong,
    ModelBroken,
    ModelError,
    ModelOverloaded,
    ModelRejected,
    ModelRequest,
    ModelResponse,
)
from bot.model.streaming import BUSY, StreamedResponse
from memory.log.events import Json

if TYPE_CHECKING:
    import anthropic
    import httpx2

CONNECT_SECONDS = 10.0
"""A connection that is not there by then will not come."""

SILENCE_SECONDS = 180.0
"""The API sends a ping every few seconds while the model thinks; this long a silence is a dead connection."""

_BUSY_STATUS = frozenset({429, 503, 529})
_ASK_AGAIN_STATUS = frozenset({408, 409})
_TOO_LARGE_STATUS = 413
_TOO_LONG = ("prompt is too long", "exceed context limit", "context window")
"""How the API words a request that does not fit; it has no error code of its own."""


class AnthropicModel:
    """A model of the Messages API. The SDK is imported with the first call: that takes seconds.

    `base_url` is the address of the API, None for the provider's own; `effort` is a level of the model's row
    in `bot.model.capabilities`, None for its default; a stream silent for `silence` seconds is broken.
    Raises `ValueError` when the key cannot be one or the model does not know the effort.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None = None,
        model: str = DEFAULT_MODEL,
        effort: str | None = None,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        self._key = _checked(api_key)
        self._base_url = base_url
        self._model = model
        self._effort = check_effort(model, effort)
        self._silence = silence

    @property
    def name(self) -> str:
        """The model's identifier, such as `claude-opus-5-5`."""
        return self._model

    @property
    def notice(self) -> str | None:
        """Nothing: a thinking model's answers need no warning."""
        return None

    def look_up(self) -> None:
        """Ask the API whether it takes the key and has the model; costs nothing. Raises `ModelError`."""
        import anthropic  # noqa: PLC0415  three seconds

        try:
            self._client.models.retrieve(self._model, timeout=CONNECT_SECONDS)
        except anthropic.APIStatusError as error:
            raise self._from_status(error) from None
        except anthropic.APIError as error:
            raise ModelBroken(self._without_key(_described(error))) from None

    def respond(
        self, request: ModelRequest, *, on_text: Callable[[str], None], cancelled: Event
    ) -> ModelResponse:
        """As the port says. `on_text` also gets the summaries of the model's thinking, which is where the 5.5
        generation says what it does between tool calls; it is called in the caller's thread."""
        model = request.model or self._model
        own = self._effort if model == self._model else None
        effort = next((level for level in capabilities(model).efforts if level == request.effort), own)
        body = parameters(request, model=model, effort=effort)
        line = _Line()
        streamed = StreamedResponse()
        with closing(
            interruptible(lambda: self._events(body, line), cancelled=cancelled, cut=line.cut)
        ) as events:
            for event in events:
                if text := streamed.take(event):
                    on_text(text)
        return streamed.response()

    def _events(self, body: Json, line: _Line) -> Iterator[Json]:
        """The events of one call, each a JSON object. What goes wrong is told in the port's errors."""
        import anthropic  # noqa: PLC0415  three seconds
        import httpx2  # noqa: PLC0415  with it

        try:
            with (
                anthropic.DefaultHttpxClient(event_hooks={"request": [line.watch]}) as connection,
                self._client.with_options(http_client=connection).messages.with_streaming_response.create(
                    **body
                ) as answer,
            ):
                for event in anthropic.Stream.raw_events(answer.http_response):
                    if event.data:
                        yield json.loads(event.data)
        except anthropic.APIStatusError as error:
            raise self._from_status(error) from None
        except (anthropic.APIError, httpx2.HTTPError, httpx2.StreamError, ValueError) as error:
            raise ModelBroken(self._without_key(_described(error))) from None

    @cached_property
    def _client(self) -> anthropic.Anthropic:
        import anthropic  # noqa: PLC0415  three seconds

        return anthropic.Anthropic(
            api_key=self._key,
            base_url=self._base_url,
            max_retries=0,
            timeout=anthropic.Timeout(self._silence, connect=CONNECT_SECONDS),
        )

    def _from_status(self, error: anthropic.APIStatusError) -> ModelError:
        """The port's error for a refused request."""
        said = self._without_key(
            f"{error.status_code} {error.type or ''}: {error.api_message or error.message}"
        )
        if error.status_code in _BUSY_STATUS or error.type in BUSY:
            return ModelOverloaded(said, delay=_delay(error.response.headers.get("retry-after")))
        if error.status_code >= 500 or error.status_code in _ASK_AGAIN_STATUS:
            return ModelBroken(said)
        if error.status_code == _TOO_LARGE_STATUS or any(words in said.lower() for words in _TOO_LONG):
            return ContextTooLong(said)
        return ModelRejected(said)

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "[key]")


class _Line:
    """The sockets of one call, so that another thread can cut it off."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sockets: list[socket.socket] = []
        self._is_cut = False

    def watch(self, request: httpx2.Request) -> None:
        """Learn of the connections that this request opens."""
        request.extensions = {**request.extensions, "trace": self._note}

    def _note(self, _event: str, info: dict[str, Any]) -> None:
        """Both the connection and the encrypted stream over it are returned by traced steps."""
        stream: Any = info.get("return_value")
        if hasattr(stream, "get_extra_info") and (opened := stream.get_extra_info("socket")):
            with self._lock:
                self._sockets.append(opened)
                if self._is_cut:
                    self._shut()

    def cut(self) -> None:
        """End whatever waits on the call, now or later. Cutting twice, or what has ended, is fine."""
        with self._lock:
            self._is_cut = True
            self._shut()

    def _shut(self) -> None:
        for opened in self._sockets:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)


def _checked(api_key: str) -> str:
    """The key. One that cannot be sent in a header would come back inside the HTTP library's error."""
    key = api_key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("The Anthropic API key is empty or holds characters that no key has: copy it again.")
    return key


def _delay(retry_after: str | None) -> float | None:
    """Seconds to wait, when the header gives a number of them."""
    try:
        return max(float(retry_after), 0.0) if retry_after else None
    except ValueError:
        return None


def _described(error: Exception) -> str:
    cause = error.__cause__
    because = f" ({type(cause).__name__}: {cause})" if cause else ""
    return f"The connection to the model broke. {type(error).__name__}: {error}{because}"
