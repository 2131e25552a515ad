"""What speaking to Slack may raise.

SlackProblem
├── SlackUnavailable    Slack does not answer or asks to wait; `delay` seconds until another try makes sense
└── ThreadRefused       Slack will not take this, now or later: archived, deleted, not a member, wrong content
"""

from __future__ import annotations

from slack_sdk.errors import SlackApiError

TRANSIENT = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "message_limit_exceeded",
    }
)
"""Errors of the Web API that pass by themselves."""

DELAY = 5.0
"""Seconds to wait when Slack does not say how long."""


class SlackProblem(Exception):
    """Slack did not do what was asked."""


class SlackUnavailable(SlackProblem):
    """Slack does not answer or asks to wait."""

    def __init__(self, message: str, *, delay: float) -> None:
        super().__init__(message)
        self.delay = delay


class ThreadRefused(SlackProblem):
    """Slack will not take this, now or later."""


def from_api(error: SlackApiError) -> SlackProblem:
    """The problem that an answer of the Web API stands for."""
    code = str(error.response.get("error", "unknown"))
    status = error.response.status_code
    if code in TRANSIENT or status == 429 or status >= 500:
        after = error.response.headers.get("Retry-After") or error.response.headers.get("retry-after")
        return SlackUnavailable(f"Slack answered {code}", delay=float(after) if after else DELAY)
    return ThreadRefused(f"Slack answered {code}")
