"""What each model accepts: which parameters are sent to it. From the provider's model pages, November 2026.

A model that is not listed gets only what every model accepts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Effort = Literal["low", "medium", "high", "xhigh", "max"]

DEFAULT_MODEL = "claude-opus-5-5"

_ALL_EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The parameters one model is sent."""

    adaptive_thinking: bool
    """Whether `thinking: adaptive` is sent, with summaries to display.

    The 5.5 generation says what it does between tool calls in thinking blocks, which are empty unless
    displayed; Opus 4.8 does not think at all unless asked to.
    """
    efforts: tuple[Effort, ...]
    """Levels of `output_config.effort`; empty when the parameter is not sent."""
    max_output: int
    """Tokens of one response, thinking included."""
    structured_output: bool
    """Whether `output_config.format` is sent where a request asks for JSON of a schema."""


_CURRENT = Capabilities(
    adaptive_thinking=True, efforts=_ALL_EFFORTS, max_output=128_000, structured_output=True
)

CAPABILITIES = {
    "claude-fable-5-2": _CURRENT,
    "claude-opus-5-5": _CURRENT,
    "claude-opus-5": _CURRENT,
    "claude-opus-4-8": _CURRENT,
    "claude-sonnet-5-5": _CURRENT,
    # The page of Haiku 5.5 names the parameter and these levels; higher ones are not promised.
    "claude-haiku-5-5": Capabilities(
        adaptive_thinking=True,
        efforts=("low", "medium", "high"),
        max_output=128_000,
        structured_output=True,
    ),
}

# 32,000 output tokens is the lowest limit of any model that is not retired.
UNKNOWN = Capabilities(adaptive_thinking=False, efforts=(), max_output=32_000, structured_output=False)


def capabilities(model: str) -> Capabilities:
    """The row of `model`, or the safest one."""
    return CAPABILITIES.get(model, UNKNOWN)


def check_effort(model: str, effort: str | None) -> Effort | None:
    """`effort` when `model` knows it; raises `ValueError` that names the levels it knows."""
    if effort is None:
        return None
    known = capabilities(model).efforts
    for level in known:
        if level == effort:
            return level
    offered = f"one of {', '.join(known)}, or leave it out" if known else "leave it out"
    raise ValueError(f"{model} has no effort {effort!r}: {offered}.")
