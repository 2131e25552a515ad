"""`/oxbow settings`: what holds in a channel, where each value comes from, and how to change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.brain.policies import APPROVERS, TOOLS, Policies
from bot.brain.policy import GOVERNED, PolicyProblem, read_rules, written
from bot.slack.rendered import Rendered, escape, plain
from bot.slack.text import spoken_to
from memory.channel_settings import ChannelSetting, ChannelSettings

HOW = (
    "Change them with `/oxbow settings tools bash=ask, write=deny` (a channel can be stricter than "
    "the operator, never laxer), `/oxbow settings approvers @ada @bruno`, and `… default` for either."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The answer to a command; what changes for everybody is told to everybody."""

    rendered: Rendered
    to_all: bool = False


class SettingsCommand:
    """Shows and changes a channel's settings."""

    def __init__(self, *, team: str, settings: ChannelSettings, policies: Policies) -> None:
        self._team = team
        self._settings = settings
        self._policies = policies

    def answer(self, channel: str, words: str, *, by: str) -> Told:
        """The answer to what follows `/oxbow settings`."""
        name, _, value = words.strip().partition(" ")
        match name:
            case "":
                return Told(rendered=plain(self._shown(channel)))
            case "tools" | "approvers" if value.strip() == "default":
                self._settings.clear(self._team, channel, name)
                return self._changed(channel, by)
            case "tools":
                return self._set_tools(channel, value, by)
            case "approvers":
                return self._set_approvers(channel, value, by)
            case _:
                return Told(rendered=plain(f"I know no setting named `{escape(name)}`. {HOW}"))

    def _set_tools(self, channel: str, value: str, by: str) -> Told:
        try:
            rules = read_rules(value)
        except PolicyProblem as problem:
            return Told(rendered=plain(f"Nothing was changed: {escape(str(problem))}."))
        if not rules:
            return Told(rendered=plain(f"Say which tools: {', '.join(GOVERNED)}. {HOW}"))
        self._settings.set(self._team, channel, TOOLS, written(rules), by=by)
        return self._changed(channel, by)

    def _set_approvers(self, channel: str, value: str, by: str) -> Told:
        people = sorted(spoken_to(value))
        if not people:
            return Told(rendered=plain("Nothing was changed: mention the people who may decide, like @ada."))
        self._settings.set(self._team, channel, APPROVERS, " ".join(people), by=by)
        return self._changed(channel, by)

    def _changed(self, channel: str, by: str) -> Told:
        told = f"<@{by}> changed how I work in this channel.\n{self._shown(channel)}"
        return Told(rendered=plain(told), to_all=True)

    def summary(self, channel: str) -> str:
        """What holds in the channel, one setting a line."""
        found = self._settings.of(self._team, channel)
        floor = self._policies.floor
        holds = floor.tightened(self._policies.set_in(self._team, channel))
        tools = written({tool: holds.of(tool) for tool in GOVERNED})
        who = (
            ", ".join(f"<@{person}>" for person in holds.approvers)
            or "everybody who spoke to me in the thread"
        )
        return "\n".join(
            (
                f"• *tools*: {tools} ({_origin(found, TOOLS, written(floor.rules))})",
                f"• *approvers*: {who} ({_origin(found, APPROVERS, ' '.join(floor.approvers))})",
            )
        )

    def _shown(self, channel: str) -> str:
        return f"{self.summary(channel)}\n{HOW}"


def _origin(found: Mapping[str, ChannelSetting], name: str, floor: str) -> str:
    """Where the value comes from."""
    operator = f"the operator demands {floor}" if floor else "default"
    if name not in found:
        return operator
    setting = found[name]
    here = f"set here by <@{setting.set_by}> on {setting.set_at:%Y-%m-%d}"
    return f"{here}; {operator}" if floor else here
