"""The adapter, pointed at the stand-in."""

from __future__ import annotations

from bot.model.anthropic import AnthropicModel
from bot.model.capabilities import DEFAULT_MODEL
from tests.support.messages_api import KEY, MessagesApi


def asking(
    api: MessagesApi, *, model: str = DEFAULT_MODEL, effort: str | None = None, silence: float = 30.0
) -> AnthropicModel:
    return AnthropicModel(api_key=KEY, base_url=api.address, model=model, effort=effort, silence=silence)
