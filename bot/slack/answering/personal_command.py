"""`/oxbow settings mine`: what holds for a person, where each value comes from, and how to change it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.brain.preferences import (
    MODEL,
    OWN,
    PERSONAL,
    Offer,
    PreferenceProblem,
    checked,
)
from bot.slack.answering.settings_command import DEFAULT, DEFAULTS, SHOWN
from bot.slack.hearing.text import plain_text
from bot.slack.showing.rendered import Rendered, cut, escape, plain
from memory.workspaces.channel_settings import ChannelSetting, ChannelSettings
from memory.workspaces.personal_settings import PersonalSettings

HOW = (
    "They hold in the threads that you begin: `/oxbow settings mine model`, `… effort high`, "
    "`… instructions Keep it short`, and `… default` for any."
)


class PersonalCommand:
    """Shows and changes a person's own settings, for their eyes alone."""

    def __init__(
        self, *, team: str, personal: PersonalSettings, settings: ChannelSettings, offer: Offer
    ) -> None:
        self._team = team
        self._personal = personal
        self._settings = settings
        self._offer = offer

    def answer(self, channel: str, words: str, *, by: str) -> Rendered:
        """The answer to what follows `/oxbow settings mine`."""
        name, _, value = words.strip().partition(" ")
        name, value = name.lower(), value.strip()
        if not name:
            return plain(self._shown(channel, by))
        if name not in OWN:
            return plain(f"`{escape(name)}` is nothing that you can set for yourself. {HOW}")
        if value.lower() == "default":
            self._personal.clear(self._team, by, name)
            return plain(self._shown(channel, by))
        try:
            kept = self._kept(by, name, value)
        except PreferenceProblem as problem:
            return plain(f"Nothing was changed: {escape(str(problem))}.")
        self._personal.set(self._team, by, name, kept)
        return plain(self._shown(channel, by))

    def summary(self, person: str) -> str:
        """What the person has set, one setting a line."""
        own = self._personal.of(self._team, person)
        lines = [f"• *{name}*: {_said(own[name])}" for name in OWN if name in own]
        return "\n".join(lines) or "Nothing is set; what holds in the channel holds for you."

    def _kept(self, by: str, name: str, value: str) -> str:
        if not value:
            raise PreferenceProblem(f"say what {name} is to be, or default")
        model = self._personal.of(self._team, by).get(MODEL)
        return checked(name, plain_text(value, str, str), self._offer, model=model)

    def _shown(self, channel: str, by: str) -> str:
        own = self._personal.of(self._team, by)
        here = self._settings.of(self._team, channel)
        refused = PERSONAL in here and here[PERSONAL].value == "off"
        lines = [self._line(name, own, here, refused=refused) for name in OWN]
        return "\n".join([*lines, HOW])

    def _line(
        self, name: str, own: Mapping[str, str], here: Mapping[str, ChannelSetting], *, refused: bool
    ) -> str:
        defaults = DEFAULTS | {MODEL: self._offer.model or DEFAULTS[MODEL]}
        channels = (here[name].value, "set in this channel") if name in here else (defaults[name], DEFAULT)
        if name not in own:
            value, origin = channels
            return f"• *{name}*: {_said(value)} ({origin})"
        if not refused:
            return f"• *{name}*: {_said(own[name])} (yours)"
        return (
            f"• *{name}*: {_said(channels[0])} ({channels[1]}; yours, {_said(own[name])}, does not hold here)"
        )


def _said(value: str) -> str:
    return escape(cut(value, SHOWN))
