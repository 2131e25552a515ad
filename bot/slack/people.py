"""Names of people, asked of Slack once and remembered for the life of the process."""

from __future__ import annotations

from threading import Lock

from bot.slack.errors import SlackProblem
from bot.slack.web import SlackWeb


class People:
    """Looks names up. Who cannot be looked up is called by their id."""

    def __init__(self, web: SlackWeb) -> None:
        self._web = web
        self._lock = Lock()
        self._names: dict[str, str] = {}

    def name(self, user: str) -> str:
        """What the person is called in the workspace."""
        with self._lock:
            known = self._names.get(user)
        if known is not None:
            return known
        try:
            found = self._web.call("users.info", user=user).get("user") or {}
        except SlackProblem:
            return user
        profile = found.get("profile") or {}
        name = str(profile.get("display_name") or found.get("real_name") or found.get("name") or user)
        with self._lock:
            self._names[user] = name
        return name
