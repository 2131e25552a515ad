"""The Anthropic adapter against the stand-in: what it sends, what it keeps, what it counts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from threading import Event

import pytest

from bot.brain.distilling import SCHEMA
from bot.demo.problems import PROBLEMS
from bot.model.capabilities import CAPABILITIES, DEFAULT_MODEL
from bot.model.port import Model, ModelRequest
from memory.log.events import Json
from memory.log.usage import Usage
from tests.contracts.model_contract import PROBLEM, RED, ModelContract, asked, respond, results, said, spoken
from tests.support.messages_api import MessagesApi
from tests.support.messages_api_client import asking
from tests.support.messages_api_replies import Reply, in_turn, playing, text, thinking, tool_use

HELLO = said("Hello")


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    with MessagesApi(playing(PROBLEMS)) as running:
        yield running


class TestAnthropicModel(ModelContract):
    """The adapter over the wire."""

    @pytest.fixture
    def model(self, api: MessagesApi) -> Model:
        return asking(api)


def answered_by(api: MessagesApi, *blocks: Json) -> tuple[Json, ...]:
    api.script = in_turn(Reply(blocks=blocks))
    return respond(asking(api), HELLO).blocks


def unmarked(value: object) -> object:
    """A copy without any cache breakpoint."""
    if isinstance(value, dict):
        return {name: unmarked(part) for name, part in value.items() if name != "cache_control"}
    return [unmarked(part) for part in value] if isinstance(value, list) else value


BLOCKS = (
    thinking("Two things to look at.\n"),
    text("I look at both — at “naïve” text,\u2028too."),
    tool_use(1, "bash", command="python3 -m unittest", nested={"b": [1, 2.5, None], "a": "ü"}),
    tool_use(2, "view", path="a.py"),
    {"type": "redacted_thinking", "data": "b3BhcXVl"},
    {"type": "something_new", "of": {"a": "kind"}, "nobody": ["knows", 1]},
)


def test_blocks_are_kept_as_they_came(api: MessagesApi) -> None:
    kept = answered_by(api, *BLOCKS)
    assert json.dumps(kept) == json.dumps(BLOCKS)


def test_a_call_without_arguments_keeps_its_empty_input(api: MessagesApi) -> None:
    assert answered_by(api, tool_use(1, "bash")) == (tool_use(1, "bash"),)


def test_what_the_api_would_not_take_back_is_left_out(api: MessagesApi) -> None:
    call = tool_use(1, "bash", command="ls")
    assert answered_by(api, text(" \n"), {**call, "caller": None}) == (call,)


def test_thinking_streams_for_display_as_text_does(api: MessagesApi) -> None:
    api.script = in_turn(Reply(blocks=BLOCKS))
    heard: list[str] = []
    asking(api).respond(asked(HELLO), on_text=heard.append, cancelled=Event())
    assert "".join(heard) == "Two things to look at.\nI look at both — at “naïve” text,\u2028too."


def test_stop_reasons_are_passed_on(api: MessagesApi) -> None:
    for reason in ("end_turn", "max_tokens", "refusal", "pause_turn"):
        api.script = in_turn(Reply(blocks=[text("So far.")], stop_reason=reason))
        assert respond(asking(api), HELLO).stop_reason == reason


def test_an_unfinished_call_at_the_limit_is_left_out(api: MessagesApi) -> None:
    cut_off = {**tool_use(1, "write"), "written": '{"path": "a.py", "cont'}
    api.script = in_turn(Reply(blocks=[text("I write it."), cut_off], stop_reason="max_tokens"))
    response = respond(asking(api), HELLO)
    assert (response.blocks, response.stop_reason) == ((text("I write it."),), "max_tokens")


def test_unsigned_thinking_at_the_limit_is_left_out(api: MessagesApi) -> None:
    unsigned = {"type": "thinking", "thinking": "Where to", "signature": ""}
    api.script = in_turn(Reply(blocks=[unsigned], stop_reason="max_tokens"))
    assert respond(asking(api), HELLO).blocks == ()


def test_the_model_that_answered_is_named(api: MessagesApi) -> None:
    assert respond(asking(api, model="claude-sonnet-5-5"), HELLO).model == "claude-sonnet-5-5"


@pytest.mark.parametrize(
    ("model", "config"),
    [
        ("claude-haiku-5-5", {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}}),
        ("claude-of-tomorrow", None),
    ],
)
def test_json_of_a_schema_is_asked_of_models_that_know_how(
    api: MessagesApi, model: str, config: Json | None
) -> None:
    request = replace(asked(HELLO), model=model, effort="low", schema=SCHEMA)
    asking(api).respond(request, on_text=lambda _: None, cancelled=Event())
    assert api.journal[-1].json.get("output_config") == config


def conversation(model: Model, turns: int) -> None:
    messages = [said(PROBLEM.mention)]
    for _ in range(turns):
        response = respond(model, *messages)
        messages += [spoken(response), results(response, f"{RED} " + "long output " * 50)]


def test_a_request_repeats_the_one_before_byte_for_byte(api: MessagesApi) -> None:
    conversation(asking(api), turns=3)
    first, second, third = (unmarked(received.json) for received in api.journal)
    for earlier, later in ((first, second), (second, third)):
        assert isinstance(earlier, dict)
        assert isinstance(later, dict)
        grown = later["messages"][: len(earlier["messages"])]
        assert json.dumps({**later, "messages": grown}) == json.dumps(earlier)


def test_the_prompt_cache_is_read_from_the_second_turn_on(api: MessagesApi) -> None:
    model, mention = asking(api), said(PROBLEM.mention)
    first = respond(model, mention)
    second = respond(model, mention, spoken(first), results(first, RED))
    assert first.usage.cache_read_tokens == 0
    assert first.usage.cache_write_tokens > 0
    assert second.usage.cache_read_tokens == first.usage.cache_write_tokens
    assert second.usage.cache_write_tokens > 0
    assert second.usage.input_tokens == 0
    assert second.usage.output_tokens > 0


def test_the_cache_is_found_after_more_calls_than_the_provider_looks_back(api: MessagesApi) -> None:
    api.script = in_turn(Reply(blocks=[tool_use(number, "bash", command="ls") for number in range(30)]))
    model = asking(api)
    first = respond(model, HELLO)
    api.script = in_turn(Reply(blocks=[text("Done.")]))
    second = respond(model, HELLO, spoken(first), results(first, "a.py"))
    assert second.usage.cache_read_tokens == first.usage.cache_write_tokens


def test_the_cache_of_system_and_tools_serves_other_sessions(api: MessagesApi) -> None:
    model = asking(api)
    respond(model, said("One session"))
    assert respond(model, said("Another session")).usage.cache_read_tokens > 0


def test_at_most_four_breakpoints_are_set(api: MessagesApi) -> None:
    conversation(asking(api), turns=4)
    assert [received.body.count(b'"cache_control"') for received in api.journal] == [2, 3, 3, 3]


@pytest.mark.parametrize("model", CAPABILITIES)
def test_each_listed_model_is_sent_its_parameters(api: MessagesApi, model: str) -> None:
    row = CAPABILITIES[model]
    for effort in row.efforts:
        respond(asking(api, model=model, effort=effort), HELLO)
        sent = api.journal[-1].json
        assert sent["model"] == model
        assert sent["output_config"] == {"effort": effort}
        assert sent["thinking"] == {"type": "adaptive", "display": "summarized"}


def test_without_an_effort_the_model_s_default_holds(api: MessagesApi) -> None:
    respond(asking(api), HELLO)
    assert "output_config" not in api.journal[-1].json


def test_an_unknown_model_is_sent_what_every_model_accepts(api: MessagesApi) -> None:
    respond(asking(api, model="some-gateway-model"), HELLO)
    assert set(api.journal[-1].json) == {"model", "max_tokens", "system", "messages", "stream", "tools"}


def test_no_more_output_is_asked_for_than_the_model_has(api: MessagesApi) -> None:
    greedy = ModelRequest(system="x", tools=(), messages=(HELLO,), max_tokens=1_000_000)
    asking(api, model="some-gateway-model").respond(greedy, on_text=lambda _: None, cancelled=Event())
    assert api.journal[-1].json["max_tokens"] == 32_000
    assert "tools" not in api.journal[-1].json


def test_a_request_may_name_another_model_and_an_effort_that_it_knows(api: MessagesApi) -> None:
    own = asking(api, model="claude-opus-5-5", effort="max")
    plain = ModelRequest(system="x", tools=(), messages=(HELLO,), max_tokens=1_000)
    for wanted in (
        replace(plain, model="claude-haiku-5-5", effort="low"),
        replace(plain, model="claude-haiku-5-5", effort="max"),
        replace(plain, effort="high"),
        plain,
    ):
        own.respond(wanted, on_text=lambda _: None, cancelled=Event())
    sent = [received.json for received in api.journal]
    assert [(body["model"], body.get("output_config")) for body in sent] == [
        ("claude-haiku-5-5", {"effort": "low"}),
        ("claude-haiku-5-5", None),
        ("claude-opus-5-5", {"effort": "high"}),
        ("claude-opus-5-5", {"effort": "max"}),
    ]


def test_an_effort_the_model_does_not_know_is_named_with_those_it_knows(api: MessagesApi) -> None:
    with pytest.raises(ValueError, match="claude-haiku-5-5 has no effort 'max': one of low, medium, high"):
        asking(api, model="claude-haiku-5-5", effort="max")
    with pytest.raises(ValueError, match="leave it out"):
        asking(api, model="some-gateway-model", effort="high")


def test_usage_is_counted_as_the_provider_counts_it(api: MessagesApi) -> None:
    usage = respond(asking(api), HELLO).usage
    assert usage == Usage(
        input_tokens=0,
        output_tokens=usage.output_tokens,
        cache_read_tokens=0,
        cache_write_tokens=usage.cache_write_tokens,
    )
    assert usage.output_tokens > 1


def test_the_default_is_the_newest_opus() -> None:
    assert DEFAULT_MODEL == "claude-opus-5-5"


def test_the_sdk_is_not_imported_before_the_first_call() -> None:
    look = (
        "import sys\nfrom bot.model.anthropic import AnthropicModel\n"
        "AnthropicModel(api_key='sk-x')\nprint('anthropic' in sys.modules, 'httpx2' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False", "False"]
