"""What the local workspace refuses.

WorkspaceError
├── SlackError          a Web API call is refused, in Slack's vocabulary
│   └── RateLimited     … for now: status 429 and a number of seconds to wait
├── NoSuchThing         a test or the page named a person, channel, message or button that is not there
├── NotDelivered        an interaction did not reach the app in time
└── UrlNotVerified      the request URL did not answer the challenge
"""

from __future__ import annotations

from bot.workspace.wire import Json


class WorkspaceError(Exception):
    """The local workspace cannot do that."""


class SlackError(WorkspaceError):
    """The call is refused with `{"ok": false, "error": ...}` and the details beside it."""

    def __init__(self, error: str, **details: object) -> None:
        super().__init__(error)
        self.error = error
        self.details = details

    def as_json(self) -> Json:
        """The answer's body."""
        return {"ok": False, "error": self.error, **self.details}


class RateLimited(SlackError):
    """Too many calls; `retry_after` seconds must pass."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class NoSuchThing(WorkspaceError):
    """There is nothing of that name in this workspace."""

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        super().__init__(f"no {kind} {name!r} here; there are: {', '.join(known) or 'none'}")


class NotDelivered(WorkspaceError):
    """The app did not take the interaction: `dispatch_failed`, `operation_timeout` or an HTTP status."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the app did not answer: {reason}")
        self.reason = reason


class UrlNotVerified(WorkspaceError):
    """The request URL must echo the challenge of a signed `url_verification` request with status 200."""
