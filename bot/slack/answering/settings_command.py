"""`/oxbow settings`: what holds in a channel, where each value comes from, and how to change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.brain.policies import APPROVERS, TOOLS, Policies
from bot.brain.policy import GOVERNED, PolicyProblem, read_rules, written
from bot.brain.preferences import (
    EFFORT,
    INSTRUCTIONS,
    MEMORY,
    MODEL,
    NETWORK,
    PERSONAL,
    PREFERENCES,
    REPLIES,
    REPOSITORY,
    SPEND,
    Offer,
    PreferenceProblem,
    checked,
)
from bot.slack.hearing.text import plain_text, spoken_to
from bot.slack.showing.rendered import Rendered, cut, escape, plain
from memory.workspaces.channel_settings import ChannelSetting, ChannelSettings

HOW = (
    "Change them here, for everybody in the channel: `/oxbow settings repository shop-cart`, "
    "`… tools bash=ask, write=deny` (a channel can be stricter than the operator, never laxer), "
    "`… approvers @ada @bruno`, `… model`, `… effort high`, `… instructions Answer in French`, "
    "`… replies mention` or `thread`, `… memory off` or `all` (threads without me are read "
    "too, once a night), `… network off` or some of the "
    "operator's hosts, `… spend 100` (dollars a month), `… personal off` "
    "(what people set for themselves does not hold here), and `… default` for any. What is yours alone: "
    "`/oxbow settings mine`."
)

DEFAULT = "default"
"""Where a value comes from that nobody has set."""

SHOWN = 300
"""Characters of instructions in the list."""


DEFAULTS = {
    REPOSITORY: "the one that the thread names or describes",
    MODEL: "the scripted one",
    EFFORT: "the model's own",
    INSTRUCTIONS: "none",
    REPLIES: "thread",
    MEMORY: "on",
    SPEND: "no limit a month",
    PERSONAL: "on",
    NETWORK: "the hosts that the operator names",
}
"""What holds where nothing is set; the model is the deployment's own, if it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The answer to a command; what changes for everybody is told to everybody."""

    rendered: Rendered
    to_all: bool = False


class SettingsCommand:
    """Shows and changes a channel's settings."""

    def __init__(self, *, team: str, settings: ChannelSettings, policies: Policies, offer: Offer) -> None:
        self._team = team
        self._settings = settings
        self._policies = policies
        self._offer = offer

    def answer(self, channel: str, words: str, *, by: str) -> Told:
        """The answer to what follows `/oxbow settings`."""
        name, _, value = words.strip().partition(" ")
        name, value = name.lower(), value.strip()
        if not name:
            return Told(rendered=plain(self._shown(channel)))
        if name not in (TOOLS, APPROVERS, *PREFERENCES):
            return Told(rendered=plain(f"I know no setting named `{escape(name)}`. {HOW}"))
        if value.lower() == "default":
            self._settings.clear(self._team, channel, name)
            return self._changed(channel, name, by)
        try:
            kept = self._kept(channel, name, value)
        except (PolicyProblem, PreferenceProblem) as problem:
            return Told(rendered=plain(f"Nothing was changed: {escape(str(problem))}."))
        self._settings.set(self._team, channel, name, kept, by=by)
        return self._changed(channel, name, by)

    def summary(self, channel: str) -> str:
        """What is set in the channel, one setting a line; what is default is left out."""
        lines = [line for line, origin in self._lines(channel).values() if origin != DEFAULT]
        return "\n".join(lines) or "Nothing is set; the defaults hold."

    def _kept(self, channel: str, name: str, value: str) -> str:
        """The value as it is kept. Raises `PolicyProblem` and `PreferenceProblem`."""
        match name:
            case "tools":
                rules = read_rules(value)
                if not rules:
                    raise PolicyProblem(f"say which tools: {', '.join(GOVERNED)}, as bash=ask")
                return written(rules)
            case "approvers":
                people = sorted(spoken_to(value))
                if not people:
                    raise PolicyProblem("mention the people who may decide, like @ada")
                return " ".join(people)
            case _ if not value:
                raise PreferenceProblem(f"say what {name} is to be, or default")
            case _:
                found = self._settings.of(self._team, channel)
                model = found[MODEL].value if MODEL in found else None
                return checked(name, plain_text(value, str, str), self._offer, model=model)

    def _changed(self, channel: str, name: str, by: str) -> Told:
        line, _ = self._lines(channel)[name]
        return Told(rendered=plain(f"<@{by}> changed how I work in this channel.\n{line}"), to_all=True)

    def _shown(self, channel: str) -> str:
        return "\n".join([*(line for line, _ in self._lines(channel).values()), HOW])

    def _lines(self, channel: str) -> dict[str, tuple[str, str]]:
        """A line about each setting, and where its value comes from, by name."""
        found = self._settings.of(self._team, channel)
        values = [*self._policy_lines(channel, found), *self._preference_lines(channel, found)]
        return {name: (f"• *{name}*: {value} ({origin})", origin) for name, value, origin in values}

    def _policy_lines(self, channel: str, found: Mapping[str, ChannelSetting]) -> list[tuple[str, str, str]]:
        floor = self._policies.floor
        holds = floor.tightened(self._policies.set_in(self._team, channel))
        tools = written({tool: holds.of(tool) for tool in GOVERNED})
        who = ", ".join(f"<@{person}>" for person in holds.approvers)
        return [
            (TOOLS, tools, _origin(found, TOOLS, written(floor.rules))),
            (
                APPROVERS,
                who or "everybody who spoke to me in the thread",
                _origin(found, APPROVERS, " ".join(floor.approvers)),
            ),
        ]

    def _preference_lines(
        self, channel: str, found: Mapping[str, ChannelSetting]
    ) -> list[tuple[str, str, str]]:
        defaults = DEFAULTS | {MODEL: self._offer.model or DEFAULTS[MODEL]}
        set_here = {name: setting.value for name, setting in found.items()}
        if SPEND in set_here:
            spent = self._policies.spent(self._team, channel)
            set_here[SPEND] = f"${spent:.2f} of ${set_here[SPEND]} used this month"
        return [
            (name, escape(cut(set_here.get(name, default), SHOWN)), _origin(found, name, ""))
            for name, default in defaults.items()
        ]


def _origin(found: Mapping[str, ChannelSetting], name: str, floor: str) -> str:
    """Where the value comes from."""
    operator = f"the operator demands {floor}" if floor else DEFAULT
    if name not in found:
        return operator
    setting = found[name]
    here = f"set here by <@{setting.set_by}> on {setting.set_at:%Y-%m-%d}"
    return f"{here}; {operator}" if floor else here
