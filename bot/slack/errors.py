"""What speaking to Slack may raise.

SlackProblem
├── SlackUnavailable      Slack does not answer, asks to wait, or does not accept the token; `delay` seconds
│   │                     until it makes sense to try again
│   ├── SlackBusy         the method was called too often for now
│   └── TokenRefused      the token is gone for good: the app was removed, the token revoked
├── ContentRefused        Slack will not take this message as it is: too long, or blocks it does not know
└── ThreadRefused         Slack will not take anything here, now or later: archived, deleted, not a member
"""

from __future__ import annotations

from slack_sdk.errors import SlackApiError

BUSY = frozenset({"ratelimited", "rate_limited"})
"""Errors of a method that was called too often."""

TRANSIENT = frozenset(
    {
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "message_limit_exceeded",
    }
)
"""Errors of the Web API that pass by themselves."""

ACCESS = frozenset(
    {
        "ekm_access_denied",
        "missing_scope",
        "no_permission",
        "org_login_required",
        "token_expired",
    }
)
"""Errors of the token, not of the place: an operator mends them, and no session is to suffer meanwhile."""

GONE = frozenset({"account_inactive", "invalid_auth", "not_authed", "token_revoked"})
"""Errors of a token that does not come back by itself."""

CONTENT = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "metadata_too_large",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
    }
)
"""Errors of one message."""

ACCESS_DELAY = 60.0
"""Seconds until a token is tried again that was not accepted."""

DELAY = 5.0
"""Seconds to wait when Slack does not say how long."""


class SlackProblem(Exception):
    """Slack did not do what was asked."""


class SlackUnavailable(SlackProblem):
    """Slack does not answer or asks to wait."""

    def __init__(self, message: str, *, delay: float) -> None:
        super().__init__(message)
        self.delay = delay


class SlackBusy(SlackUnavailable):
    """The method was called too often for now."""


class TokenRefused(SlackUnavailable):
    """The token is gone for good."""


class ContentRefused(SlackProblem):
    """Slack will not take this message as it is."""


class ThreadRefused(SlackProblem):
    """Slack will not take anything here, now or later."""


def from_api(error: SlackApiError) -> SlackProblem:
    """The problem that an answer of the Web API stands for."""
    code = str(error.response.get("error", "unknown"))
    status = error.response.status_code
    if code in BUSY or code in TRANSIENT or status == 429 or status >= 500:
        after = error.response.headers.get("Retry-After") or error.response.headers.get("retry-after")
        problem = SlackBusy if code in BUSY or status == 429 else SlackUnavailable
        return problem(f"Slack answered {code}", delay=float(after) if after else DELAY)
    if code in GONE:
        return TokenRefused(f"Slack answered {code}", delay=ACCESS_DELAY)
    if code in ACCESS:
        return SlackUnavailable(f"Slack answered {code}", delay=ACCESS_DELAY)
    return (
        ContentRefused(f"Slack answered {code}")
        if code in CONTENT
        else ThreadRefused(f"Slack answered {code}")
    )
