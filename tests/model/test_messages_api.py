"""The stand-in refuses what the Messages API refuses; otherwise the other tests would prove nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from memory.log.events import Json
from tests.contracts.model_contract import said
from tests.support.messages_api import KEY, MessagesApi
from tests.support.messages_api_replies import Reply, in_turn, text, thinking, tool_use

TOOL = {"name": "bash", "description": "Run it.", "input_schema": {"type": "object"}}
CALL = tool_use(1, "bash", command="ls")
MARK = {"type": "ephemeral"}


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    with MessagesApi(in_turn(Reply(blocks=[thinking("Hm."), text("Hello."), CALL]))) as running:
        yield running


def post(api: MessagesApi, request: Json) -> Json:
    body = json.dumps(request).encode()
    headers = {"x-api-key": KEY, "content-type": "application/json"}
    with urlopen(Request(f"{api.address}/v1/messages", body, headers)) as answer:
        parsed: Json = json.load(answer)
        return parsed


def request(*messages: Json, **fields: object) -> Json:
    return {
        "model": "claude-opus-5-5",
        "max_tokens": 99,
        "messages": list(messages),
        "tools": [TOOL],
        **fields,
    }


def assistant(*blocks: Json) -> Json:
    return {"role": "assistant", "content": list(blocks)}


def user(*blocks: Json) -> Json:
    return {"role": "user", "content": list(blocks)}


def result(call: str) -> Json:
    return {"type": "tool_result", "tool_use_id": call, "content": "a.py"}


HELLO = said("Hello")
MARKED = user(*({"type": "text", "text": "x", "cache_control": MARK} for _ in range(5)))
REFUSED = {
    "dangling call": (request(HELLO, assistant(CALL), said("and?")), "without `tool_result` blocks"),
    "result of nothing": (request(user(result("toolu_9"))), "unexpected `tool_use_id`"),
    "call id used twice": (
        request(HELLO, assistant(CALL), user(result(CALL["id"])), assistant(CALL), user(result(CALL["id"]))),
        "must be unique",
    ),
    "two users in a row": (request(HELLO, HELLO), "roles must alternate"),
    "prefill": (request(HELLO, assistant(text("I"))), "prefill"),
    "empty message": (request(user()), "must be non-empty"),
    "blank text": (request(said(" ")), "non-whitespace"),
    "five breakpoints": (request(MARKED), "maximum of 4 blocks with cache_control"),
    "unknown tool choice": (request(HELLO, tool_choice={"type": "maybe"}), "tag 'maybe' is unknown"),
    "forced tool": (request(HELLO, tool_choice={"type": "any"}), "Forced tool use"),
    "foreign thinking": (request(HELLO, assistant(thinking("Mine.")), HELLO), "cannot be modified"),
    "fixed thinking budget": (request(HELLO, thinking={"type": "enabled"}), "thinking.type.enabled"),
    "schema that lets more in": (
        request(HELLO, output_config={"format": {"type": "json_schema", "schema": {"type": "object"}}}),
        "must be explicitly set to false",
    ),
    "field of a response": (request(HELLO, assistant({**text("a"), "parsed": 1}), HELLO), "Extra inputs"),
    "field nobody knows": (request(HELLO, effort="high"), "effort: Extra inputs"),
    "calls without tools": (
        {**request(HELLO, assistant(CALL), user(result(CALL["id"]))), "tools": []},
        "must define tools",
    ),
}


@pytest.mark.parametrize(("refused", "words"), REFUSED.values(), ids=REFUSED)
def test_it_refuses_what_the_api_refuses(api: MessagesApi, refused: Json, words: str) -> None:
    with pytest.raises(HTTPError) as raised:
        post(api, refused)
    with raised.value as answer:
        body = json.load(answer)
    assert answer.code == 400
    assert (body["type"], body["error"]["type"]) == ("error", "invalid_request_error")
    assert words in body["error"]["message"]


def test_it_answers_in_one_piece_without_streaming(api: MessagesApi) -> None:
    answer = post(api, request(HELLO))
    assert answer["content"] == [thinking("Hm."), text("Hello."), CALL]
    assert answer["stop_reason"] == "tool_use"


def test_it_takes_its_own_answer_back(api: MessagesApi) -> None:
    answer = post(api, request(HELLO))
    again = post(api, request(HELLO, assistant(*answer["content"]), user(result(CALL["id"]))))
    assert again["role"] == "assistant"


def test_it_keeps_every_request_as_it_came(api: MessagesApi) -> None:
    post(api, request(HELLO))
    (received,) = api.journal
    assert received.body == json.dumps(request(HELLO)).encode()
    assert received.key == KEY
