"""Calls of Slack's Web API, with every way they fail turned into one of two."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPException
from typing import Any, Protocol

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.slack.breaker import Breaker
from bot.slack.errors import DELAY, SlackBusy, SlackUnavailable, TokenRefused, from_api
from bot.slack.pace import Pace, Unpaced
from memory.log.events import Json
from memory.log.failpoints import Reached, around, off


class Access(Protocol):
    """Where the token comes from, in a workspace whose token changes."""

    def token(self) -> str:
        """One that is good now. Raises `SlackUnavailable`."""

    def renewed(self) -> str:
        """One that is good though Slack says that the last one has ended. Raises `SlackUnavailable`."""

    def lost(self, problem: TokenRefused) -> None:
        """Slack says that the token is gone for good."""


def nothing() -> None:
    """Nobody has to look."""


class SlackWeb:
    """One workspace's Web API. Safe to use from several threads; never retries what Slack may have done."""

    def __init__(
        self,
        client: WebClient,
        *,
        pace: Pace | None = None,
        reached: Reached = off,
        access: Access | None = None,
    ) -> None:
        """Without `access` the client's own token holds for ever."""
        self._client = client
        self._pace = pace or Unpaced()
        self._reached = reached
        self._breaker = Breaker()
        self._access = access

    def token(self) -> str:
        """The one that is good now. Raises `SlackUnavailable`."""
        if self._access is not None:
            self._client.token = self._access.token()
        return self._client.token or ""

    def call(self, method: str, **arguments: Any) -> Json:
        """The answer of the method. Raises `SlackUnavailable`, `ContentRefused` or `ThreadRefused`.

        Once the token is refused calls wait: see `Breaker`. Arguments travel as a form, the one encoding that
        every method takes; lists and objects as JSON in it.
        """
        return self.call_after(nothing, method, **arguments)

    def call_after(self, last_look: Callable[[], None], method: str, /, **arguments: Any) -> Json:
        """The same, with a last look after every wait, right before the request leaves; it may raise."""
        form = {name: _encoded(value) for name, value in arguments.items() if value is not None}
        self._breaker.pass_through()
        channel = arguments.get("channel")
        self._pace.keep(method, channel)
        try:
            response = self._asked(method, form, last_look)
        except SlackApiError as error:
            problem = from_api(error)
            if isinstance(problem, SlackBusy):
                self._pace.hold(method, channel, problem.delay)
            if isinstance(problem, TokenRefused):
                self._breaker.refused(problem)
                if self._access is not None:
                    self._access.lost(problem)
            raise problem from error
        except (SlackClientError, OSError, HTTPException) as error:
            raise SlackUnavailable(f"Slack cannot be reached: {type(error).__name__}", delay=DELAY) from error
        self._breaker.accepted()
        return response.data if isinstance(response.data, dict) else {}

    def _asked(self, method: str, form: Json, last_look: Callable[[], None]) -> SlackResponse:
        with around(self._reached, "slack"):
            self.token()
            last_look()
            try:
                return self._client.api_call(method, data=form)
            except SlackApiError as error:
                if self._access is None or error.response.get("error") != "token_expired":
                    raise
                # Refused at the door, so that nothing was done yet.
                self._client.token = self._access.renewed()
                return self._client.api_call(method, data=form)


def _encoded(value: Any) -> str:
    match value:
        case str():
            # Half of a surrogate pair cannot travel; Slack would refuse it as well.
            return value.encode("utf-8", "replace").decode()
        case bool():
            return "true" if value else "false"
        case _:
            return json.dumps(value)
