"""A profile: one kind of agent as data — what it is told, which tools it has, what it may use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from bot.brain.tools import TOOLS
from bot.model.port import ToolDefinition
from sandbox.port import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Prompt, tools and limits of one kind of agent."""

    prompt: str
    tools: tuple[ToolDefinition, ...]
    limits: Limits
    max_tokens: int
    """Of one answer. Long enough for a large file in one call; the model's own limit is far above."""


def engineer(repositories: Sequence[str]) -> Profile:
    """The profile that works on code; `repositories` are the names it may be asked to work on."""
    names = "\n".join(f"- {name}" for name in repositories) or "- none is configured"
    prompt = files("bot.brain").joinpath("engineer.md").read_text(encoding="utf-8")
    return Profile(
        prompt=prompt.replace("{repositories}", names), tools=TOOLS, limits=Limits(), max_tokens=32_000
    )
