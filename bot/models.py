"""The models of the settings: the one that thinks, and the small one that reads what was learned."""

from __future__ import annotations

from bot.brain.distilling import Distilling
from bot.demo.problems import PROBLEMS
from bot.model.anthropic import AnthropicModel
from bot.model.port import Model
from bot.model.scripted import ScriptedModel
from bot.settings import Settings
from memory.database import Engine
from memory.secrets.mask import SecretMask
from memory.solutions.kept_forms import KeptForms

PACE = 0.4
"""Seconds between two lines of the scripted model: slow enough to be watched and steered."""


def build_model(settings: Settings) -> Model:
    """The real model when there is a key, else the scripted one."""
    if settings.anthropic_api_key is None:
        return ScriptedModel(PROBLEMS, pace=PACE)
    return AnthropicModel(
        api_key=settings.anthropic_api_key.get_secret_value(),
        base_url=settings.anthropic_base_url,
        model=settings.oxbow_model,
    )


def build_distilling(settings: Settings, engine: Engine, secrets: SecretMask) -> Distilling | None:
    """What reads finished turns with a small model, if one is named."""
    name = settings.oxbow_distil_model
    return None if name is None else Distilling(build_model(settings), name, KeptForms(engine), secrets)
