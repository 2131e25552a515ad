"""Which tools may be used where: allowed, asked for, or denied. Pure.

The operator sets a floor for every channel, and people may make a channel stricter, never laxer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from bot.brain.tools import ASK, TOOLS

Permission: TypeAlias = Literal["allow", "ask", "deny"]

Unlinked: TypeAlias = Literal["refuse", "bot"]
"""What holds for people whose rights on the forge are not known: nothing is pushed, or Oxbow's own count."""

STRICTNESS: tuple[Permission, ...] = get_args(Permission)
"""From the laxest to the strictest."""

PULL_REQUEST = "pull_request"
"""What a policy calls the push of a change and its pull request: no tool of the model, governed like one."""

GOVERNED = (*(tool.name for tool in TOOLS if tool is not ASK), PULL_REQUEST)
"""What a policy can name. Asking people a question needs nobody's word."""


class PolicyProblem(ValueError):
    """A policy cannot be read; the text names the part and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPolicy:
    """What is said of each tool, and who may decide where somebody is asked."""

    rules: Mapping[str, Permission] = field(default_factory=dict)
    """By tool. One that is not named is allowed."""
    approvers: tuple[str, ...] = ()
    """Slack users. When there are none, everybody who has spoken to the session may decide."""

    def of(self, tool: str) -> Permission:
        """What holds for the tool."""
        return self.rules.get(tool, "allow")

    def tightened(self, other: ToolPolicy) -> ToolPolicy:
        """The stricter of both for each tool; the other's approvers where it names any."""
        tools = {**self.rules, **other.rules}
        rules = {tool: max(self.of(tool), other.of(tool), key=STRICTNESS.index) for tool in tools}
        return ToolPolicy(rules=rules, approvers=other.approvers or self.approvers)


def read_rules(text: str) -> dict[str, Permission]:
    """Rules as people write them: `bash=ask, write=deny`. Raises `PolicyProblem`."""
    return dict(_rule(part) for part in text.replace(",", " ").split())


def written(rules: Mapping[str, Permission]) -> str:
    """The same rules as `read_rules` reads them."""
    return ", ".join(f"{tool}={permission}" for tool, permission in sorted(rules.items()))


def _rule(part: str) -> tuple[str, Permission]:
    tool, _, word = part.partition("=")
    if tool not in GOVERNED:
        raise PolicyProblem(f"{tool!r} is no tool that a policy can name; there are {', '.join(GOVERNED)}")
    for permission in STRICTNESS:
        if word == permission:
            return tool, permission
    raise PolicyProblem(f"{part!r} is no rule; write {tool}=allow, {tool}=ask or {tool}=deny")
