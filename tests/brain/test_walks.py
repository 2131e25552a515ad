"""What holds for every legal log, however people and crashes interfere."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import HealthCheck, given, settings

from bot.brain.conversation import conversation
from bot.brain.decide import decide
from bot.brain.steps import (
    Facts,
    Rest,
)
from memory.log.events import (
    ContextCompacted,
    Json,
    ModelFailed,
    ModelRequested,
    ModelResponded,
    ReplyStarted,
    TurnFinished,
)
from memory.log.fold import fold
from memory.log.session import Session
from tests.brain import logs
from tests.brain.walks import Walk, walks
from tests.support.messages_api_rules import check

thoroughly = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck])


def answered_requests(walk: Walk) -> list[tuple[int, Session]]:
    """The place in the log and the session of each request to which the model had an answer or a failure."""
    return [
        (number, walk.sessions[number + 1])
        for number, (entry, following) in enumerate(pairwise(walk.log))
        if isinstance(entry.event, ModelRequested)
        if isinstance(following.event, ModelResponded | ModelFailed)
    ]


def flat(messages: tuple[Json, ...]) -> list[tuple[str, str]]:
    """Every block with its side, in order: what the provider's cache compares."""
    return [(message["role"], repr(block)) for message in messages for block in message["content"]]


@thoroughly
@given(walks())
def test_folding_in_two_halves_is_folding_at_once(walk: Walk) -> None:
    for cut in range(0, len(walk.log), 7):
        assert fold(walk.log[cut:], fold(walk.log[:cut])) == walk.session


@thoroughly
@given(walks())
def test_every_conversation_is_legal_for_the_provider(walk: Walk) -> None:
    for _, session in answered_requests(walk):
        tools = [{"name": "bash", "input_schema": {"type": "object"}}]
        request: Json = {"model": "m", "max_tokens": 1, "tools": tools}
        check(request | {"messages": list(conversation(session))}, signed=set())


@thoroughly
@given(walks())
def test_each_request_repeats_the_one_before_it_and_adds_to_its_end(walk: Walk) -> None:
    requests = answered_requests(walk)
    for (first, before), (second, after) in pairwise(requests):
        if any(isinstance(entry.event, ContextCompacted) for entry in walk.log[first:second]):
            continue
        sent = flat(conversation(before))
        assert flat(conversation(after))[: len(sent)] == sent


@thoroughly
@given(walks())
def test_nothing_is_said_twice_and_no_turn_ends_twice(walk: Walk) -> None:
    posts = Counter(entry.event.key for entry in walk.log if isinstance(entry.event, ReplyStarted))
    ends = Counter(entry.event.turn for entry in walk.log if isinstance(entry.event, TurnFinished))
    assert not [key for key, times in (posts + ends).items() if times > 1]


@thoroughly
@given(walks())
def test_left_alone_every_session_comes_to_rest(walk: Walk) -> None:
    facts = Facts(now=logs.at(10**6), visibility="public", barren_claims=0)
    walk.draw = lambda _: 0  # the good outcome, always
    rounds = 0
    while (step := decide(walk.session, facts)) != Rest():
        walk.perform(step)
        rounds += 1
        assert rounds < 500, step
