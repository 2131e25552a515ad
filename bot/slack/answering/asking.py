"""The message shortcut *Ask Oxbow*: somebody asks about a message, their own or another person's."""

from __future__ import annotations

from bot.slack.answering.admission import NOT_LOOKED_UP, Admission
from bot.slack.errors import SlackUnavailable
from bot.slack.hearing.listener import Listener
from memory.log.events import Json

SHORTCUT = "ask_oxbow"
"""Callback id."""

NOTHING_TO_READ = "That message has no text that I can read; mention me and say what it is about."
NOT_IN_CHANNEL = "I cannot see that message. Invite me with `/invite @Oxbow`, then ask again."
BEGUN = "I look into it, in the thread of that message."
KNOWN = "I was asked about that message before; see its thread."


class Asking:
    """Begins or goes on with the session of the message's thread, behind the same gate as a mention."""

    def __init__(self, admission: Admission, listener: Listener) -> None:
        self._admission = admission
        self._listener = listener

    def about(self, channel: str, message: Json, *, by: str) -> str:
        """Somebody asks about the message. When this returns it is in the log; gives what they are told."""
        refused = self._admission.refusal(channel, by)
        if refused is not None:
            return refused
        if not str(message.get("text") or "").strip():
            return NOTHING_TO_READ
        try:
            receipt = self._listener.asked_about(channel, message, by=by)
        except SlackUnavailable:
            return NOT_LOOKED_UP
        if receipt is None:
            return NOT_IN_CHANNEL
        return KNOWN if receipt.duplicate else BEGUN
