"""What the operator's settings leave to channels: the floor of their policy, and what they choose from."""

from __future__ import annotations

from bot.brain.policy import ToolPolicy, read_rules
from bot.brain.preferences import Offer
from bot.model.capabilities import CAPABILITIES
from bot.settings import Settings


def floor(settings: Settings) -> ToolPolicy:
    """What the operator demands of every channel."""
    return ToolPolicy(rules=read_rules(settings.oxbow_tools))


def offer(settings: Settings) -> Offer:
    """What channels may choose from."""
    real = settings.anthropic_api_key is not None
    return Offer(
        repositories=[repository.name for repository in settings.repositories],
        models=sorted({*CAPABILITIES, settings.oxbow_model}) if real else (),
        model=settings.oxbow_model if real else "",
        hosts=sorted({host.written for policy in settings.egress.values() for host in policy.hosts}),
    )
