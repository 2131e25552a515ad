"""Modals and App Home views, as the app opened and published them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from bot.workspace.errors import SlackError
from bot.workspace.limits import VIEW_BYTES, checked_blocks
from bot.workspace.people import APP, OXBOW_BOT, TEAM
from bot.workspace.wire import Json, identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view that somebody sees."""

    id: str
    person: str
    body: Json
    """The view object, complete."""


class Views:
    """The open modals and each person's App Home; used under the world's lock."""

    def __init__(self) -> None:
        self._open: dict[str, View] = {}
        self._homes: dict[str, View] = {}

    def open(self, person: str, view: object) -> View:
        """Show a modal to the person. Raises SlackError `invalid_arguments` or `invalid_blocks`."""
        opened = _view(person, view, "modal", identifier("V"))
        self._open[opened.id] = opened
        return opened

    def publish(self, person: str, view: object) -> View:
        """Replace the person's App Home."""
        known = self._homes.get(person)
        self._homes[person] = _view(person, view, "home", known.id if known else identifier("V"))
        return self._homes[person]

    def replace(self, view_id: str, view: object) -> View:
        """Show something else in the same modal. Raises SlackError `not_found`."""
        old = self.opened(view_id)
        self._open[view_id] = _view(old.person, view, "modal", view_id)
        return self._open[view_id]

    def opened(self, view_id: str) -> View:
        """Raises SlackError `not_found`."""
        if view_id not in self._open:
            raise SlackError("not_found")
        return self._open[view_id]

    def latest(self, person: str) -> View | None:
        """The modal that the person sees."""
        seen = [view for view in self._open.values() if view.person == person]
        return seen[-1] if seen else None

    def home(self, person: str) -> View | None:
        """The person's App Home, when it was published."""
        return self._homes.get(person)

    def close(self, view_id: str) -> None:
        """Take the modal away."""
        self._open.pop(view_id, None)


def submitted(view: View, values: Json) -> View:
    """The view with the values that the person entered, by block and action."""
    return replace(view, body=view.body | {"state": {"values": values}})


def _view(person: str, view: object, kind: str, view_id: str) -> View:
    if not isinstance(view, dict) or view.get("type") != kind:
        raise SlackError(
            "invalid_arguments", response_metadata={"messages": [f"[ERROR] view must be of type {kind}"]}
        )
    if len(json.dumps(view)) > VIEW_BYTES:
        raise SlackError("view_too_large")
    body: Json = {
        "id": view_id,
        "team_id": TEAM,
        "app_id": APP,
        "bot_id": OXBOW_BOT,
        "callback_id": "",
        "private_metadata": "",
        "external_id": "",
        "hash": identifier("1."),
        "root_view_id": view_id,
        "previous_view_id": None,
        "state": {"values": {}},
        **view,
        "blocks": list(checked_blocks(view.get("blocks"), view=True)),
    }
    return View(id=view_id, person=person, body=body)
