"""Who is answered where, on every surface beside the thread: first the gate, then who is asking."""

from __future__ import annotations

from bot.slack.errors import SlackUnavailable
from bot.slack.gate import Gate, refusal
from bot.slack.people import People

ASKED_AGE = 5.0
"""Seconds for which a channel's verdict is good enough to answer somebody who asks there."""

NOT_LOOKED_UP = "I could not look you up in Slack, so I did nothing. Please try again in a minute."


class Admission:
    """The gate of commands, shortcuts and the App Home; it fails closed."""

    def __init__(self, gate: Gate, people: People) -> None:
        self._gate = gate
        self._people = people

    def refusal(self, channel: str, by: str) -> str | None:
        """Why nothing is done for the person in the channel, for them to read; None when they are welcome."""
        verdict = self._gate.check(channel, max_age=ASKED_AGE)
        if verdict.visibility != "public":
            return refusal(verdict)
        try:
            return self._people.refusal(by, channel)
        except SlackUnavailable:
            return NOT_LOOKED_UP

    def confined(self, by: str) -> bool:
        """Whether the person, who is welcome, sees only the channels they are in."""
        return self._people.confined([by])
