"""Streams that no well-behaved provider sends end in an error, not in a half answer."""

from __future__ import annotations

import pytest

from bot.model.port import ModelBroken
from bot.model.streaming import StreamedResponse
from memory.log.events import Json

START: Json = {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 3}}}
END: Json = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn"},
    "usage": {"output_tokens": 5, "input_tokens": None},
}


def block(index: int, **content: object) -> Json:
    return {"type": "content_block_start", "index": index, "content_block": content}


def delta(index: int, **content: object) -> Json:
    return {"type": "content_block_delta", "index": index, "delta": content}


def streamed(*events: Json) -> StreamedResponse:
    response = StreamedResponse()
    for event in events:
        response.take(event)
    return response


def test_later_counters_replace_earlier_ones_and_missing_ones_change_nothing() -> None:
    usage = streamed(START, END).response().usage
    assert (usage.input_tokens, usage.output_tokens) == (3, 5)


def test_events_that_the_api_may_add_are_passed_over() -> None:
    assert streamed(START, {"type": "weather", "is": "fine"}, END).response().stop_reason == "end_turn"


def test_citations_are_collected() -> None:
    cited = streamed(
        START,
        block(0, type="text", text="So it is."),
        delta(0, type="citations_delta", citation={"of": "a"}),
        delta(0, type="citations_delta", citation={"of": "b"}),
        END,
    )
    assert cited.response().blocks[0]["citations"] == [{"of": "a"}, {"of": "b"}]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (block(1, type="text", text=""), "lost a block"),
        (delta(0, type="text_delta", text="a"), "malformed content_block_delta"),
        (delta(0, type="smell_delta", smell="a"), "malformed content_block_delta"),
        ({"type": "message_delta"}, "malformed message_delta"),
        ({"type": "error"}, "malformed error"),
        ({}, "malformed None"),
    ],
)
def test_a_stream_out_of_order_is_broken(event: Json, words: str) -> None:
    response = streamed(START)
    with pytest.raises(ModelBroken, match=words):
        response.take(event)


def test_a_part_of_an_unknown_kind_cannot_be_kept_and_is_not_dropped() -> None:
    response = streamed(START, block(0, type="text", text=""))
    with pytest.raises(ModelBroken, match="unknown kind: smell_delta"):
        response.take(delta(0, type="smell_delta", smell="a"))


@pytest.mark.parametrize(
    "unfinished",
    [
        (
            block(0, type="tool_use", id="t", name="bash", input={}),
            delta(0, type="input_json_delta", partial_json='{"a'),
        ),
        (block(0, type="thinking", thinking="Hm", signature=""),),
    ],
)
def test_an_unfinished_block_of_a_finished_answer_is_broken(unfinished: tuple[Json, ...]) -> None:
    response = streamed(START, *unfinished, END)
    with pytest.raises(ModelBroken, match="unfinished block"):
        response.response()
