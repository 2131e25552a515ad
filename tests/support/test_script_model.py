"""The model that tests answer from a function is a model like the others."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event

import pytest

from bot.demo.problems import PROBLEMS
from bot.model.port import Model
from bot.model.scripted import ScriptedModel
from memory.log.events import Json
from tests.contracts.model_contract import ModelContract, asked, respond, said
from tests.support.messages_api_rules import Invalid
from tests.support.script_model import ScriptModel, says


def play(messages: Sequence[Json]) -> list[Json]:
    request = asked(*messages)
    scripted = ScriptedModel(PROBLEMS).respond(request, on_text=lambda _: None, cancelled=Event())
    return list(scripted.blocks)


@pytest.fixture
def model() -> Model:
    return ScriptModel(play)


class TestScriptModel(ModelContract):
    """The function-shaped model of the tests."""


def test_a_request_that_the_api_refuses_is_refused() -> None:
    with pytest.raises(Invalid, match="roles must alternate"):
        respond(ScriptModel(lambda _: says("never")), said("one"), said("two"))
