"""Calls of Slack's Web API, with every way they fail turned into one of two."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.slack.breaker import Breaker
from bot.slack.errors import DELAY, SlackBusy, SlackUnavailable, TokenRefused, from_api
from bot.slack.pace import Pace, Unpaced
from memory.events import Json
from memory.failpoints import Reached, around, off


class SlackWeb:
    """One workspace's Web API. Safe to use from several threads; never retries."""

    def __init__(self, client: WebClient, *, pace: Pace | None = None, reached: Reached = off) -> None:
        self._client = client
        self._pace = pace or Unpaced()
        self._reached = reached
        self._breaker = Breaker()

    def call(self, method: str, **arguments: Any) -> Json:
        """The answer of the method. Raises `SlackUnavailable`, `ContentRefused` or `ThreadRefused`.

        Once the token is refused calls wait: see `Breaker`. Arguments travel as a form, the one encoding that
        every method takes; lists and objects as JSON in it.
        """
        form = {name: _encoded(value) for name, value in arguments.items() if value is not None}
        self._breaker.pass_through()
        channel = arguments.get("channel")
        self._pace.keep(method, channel)
        try:
            with around(self._reached, "slack"):
                response = self._client.api_call(method, data=form)
        except SlackApiError as error:
            problem = from_api(error)
            if isinstance(problem, SlackBusy):
                self._pace.hold(method, channel, problem.delay)
            if isinstance(problem, TokenRefused):
                self._breaker.refused(problem)
            raise problem from error
        except (SlackClientError, OSError, HTTPException) as error:
            raise SlackUnavailable(f"Slack cannot be reached: {type(error).__name__}", delay=DELAY) from error
        self._breaker.accepted()
        return response.data if isinstance(response.data, dict) else {}


def _encoded(value: Any) -> str:
    match value:
        case str():
            # Half of a surrogate pair cannot travel; Slack would refuse it as well.
            return value.encode("utf-8", "replace").decode()
        case bool():
            return "true" if value else "false"
        case _:
            return json.dumps(value)
