"""What is stored comes back equal, and what is not known is said to be unknown."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.errors import UnknownEvent
from memory.log.codec import UPCASTS, decode, encode, type_name
from memory.log.events import (
    ContextCompacted,
    Event,
    Json,
    MessageDeleted,
    ModelResponded,
    RecalledSolution,
    Received,
    Recorded,
    SandboxUnavailable,
    SolutionsRecalled,
    ToolFinished,
)
from memory.log.usage import Usage

KINDS: tuple[type[Event], ...] = (*get_args(Received), *get_args(Recorded))

# Every character that can reach us, zero bytes and half emoji included.
TEXTS = st.text(st.characters(exclude_categories=()))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
JSON: st.SearchStrategy[Json] = st.dictionaries(
    TEXTS,
    st.recursive(
        st.none() | st.booleans() | st.integers() | NUMBERS | TEXTS,
        lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
        max_leaves=8,
    ),
)

st.register_type_strategy(str, TEXTS)
st.register_type_strategy(float, NUMBERS)


def events() -> st.SearchStrategy[Event]:
    responded = st.builds(ModelResponded, blocks=st.lists(JSON).map(tuple))
    others = [st.builds(kind) for kind in KINDS if kind is not ModelResponded]
    return st.one_of(responded, *others)


@given(events())
def test_an_event_comes_back_equal(event: Event) -> None:
    assert decode(*encode(event)) == event


@given(JSON)
def test_a_providers_blocks_keep_the_order_of_their_keys(block: Json) -> None:
    event = ModelResponded(
        request="r", model="m", blocks=(block,), stop_reason="end_turn", usage=Usage(), seconds=1.0
    )
    back = decode(*encode(event))
    assert isinstance(back, ModelResponded)
    assert json.dumps(back.blocks) == json.dumps(event.blocks)


def test_nested_parts_come_back_as_their_classes() -> None:
    hit = RecalledSolution(
        solution="s", problem="p", fix="f", outcome="confirmed", permalink="l", channel="C1",
        finished_at="2026-01-01T00:00:00Z", score=0.5, why="same error",
    )  # fmt: skip
    assert decode(*encode(SolutionsRecalled(query="q", hits=(hit,)))) == SolutionsRecalled(
        query="q", hits=(hit,)
    )


def test_types_are_named_like_their_classes() -> None:
    assert type_name(ModelResponded) == "model_responded"
    assert len({type_name(kind) for kind in KINDS}) == len(KINDS)


def test_a_number_without_a_json_form_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode(SandboxUnavailable(detail="", delay=float("nan")))


@pytest.mark.parametrize(
    ("name", "version", "payload"),
    [
        ("quantum_tunnelled", 1, "{}"),
        ("message_deleted", 2, '{"ts": "1.0"}'),
        ("message_deleted", 0, '{"ts": "1.0"}'),
        ("message_deleted", 1, '{"time": "1.0"}'),
    ],
    ids=["unknown type", "newer version", "older version without upcast", "another shape"],
)
def test_what_is_not_known_is_said_to_be_unknown(name: str, version: int, payload: str) -> None:
    with pytest.raises(UnknownEvent, match=name):
        decode(name, version, payload)


def test_an_older_version_is_brought_up_step_by_step() -> None:
    def from_first(payload: Json) -> Json:
        return {"when": payload["at"]}

    def from_second(payload: Json) -> Json:
        return {"ts": payload["when"]}

    upcasts = {("message_deleted", -1): from_first, ("message_deleted", 0): from_second}
    assert decode("message_deleted", -1, '{"at": "1.0"}', upcasts) == MessageDeleted(ts="1.0")


def test_a_summary_of_which_the_expense_was_not_told_is_read() -> None:
    stored = '{"through": 7, "summary": "so far"}'
    assert decode("context_compacted", 1, stored) == ContextCompacted(
        through=7, summary="so far", model="", usage=Usage()
    )


def test_every_older_version_of_every_event_has_an_upcast() -> None:
    older = {(type_name(kind), version) for kind in KINDS for version in range(1, kind.VERSION)}
    assert older == set(UPCASTS)


def test_a_field_added_with_a_default_reads_older_payloads() -> None:
    stored = '{"call": "c", "tool": "run", "status": "finished", "output": "ok"}'
    assert decode("tool_finished", 1, stored) == ToolFinished(
        call="c", tool="run", status="finished", output="ok"
    )
