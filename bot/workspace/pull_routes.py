"""Pull requests of the sample repositories as plain text: what a forge would show on a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.workspace.guard import security_headers

PullRequestText: TypeAlias = Callable[[str, int], str | None]
"""From a repository's name and a number to the text; None when there is no such pull request."""


def no_pull_requests(name: str, number: int) -> str | None:  # noqa: ARG001
    """Where nobody publishes anything."""
    return None


def pull_routes(text_of: PullRequestText) -> list[BaseRoute]:
    """For the Starlette application."""

    def show(request: Request) -> Response:
        text = text_of(request.path_params["name"], request.path_params["number"])
        if text is None:
            return PlainTextResponse("There is no such pull request.", status_code=404)
        return PlainTextResponse(text, headers=security_headers())

    return [Route("/pulls/{name}/{number:int}", show)]
