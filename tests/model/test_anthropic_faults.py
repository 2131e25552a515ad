"""Everything that goes wrong at the provider, and the one error of the port it becomes."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Iterator
from threading import Event, Thread
from threading import enumerate as threads

import pytest

from bot.model.anthropic import AnthropicModel
from bot.model.interruptible import interruptible
from bot.model.port import (
    ContextTooLong,
    ModelBroken,
    ModelCancelled,
    ModelError,
    ModelOverloaded,
    ModelRejected,
)
from tests.contracts.model_contract import asked, respond, said
from tests.support.messages_api import KEY, MessagesApi
from tests.support.messages_api_client import asking
from tests.support.messages_api_replies import (
    FAILED,
    OVERLOADED,
    RATE_LIMITED,
    TOO_LONG,
    Break,
    Broken,
    Refusal,
    Reply,
    Silence,
    in_turn,
    text,
    thinking,
    tool_use,
)

REPLY = Reply(
    blocks=[
        thinking("Let me see. " * 5),
        text("It is the time zone. " * 5),
        tool_use(1, "bash", command="ls"),
    ]
)
HELLO = said("Hello")


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    with MessagesApi(in_turn(REPLY)) as running:
        yield running


def refusal(status: int, kind: str = "api_error", said_: str = "no", **headers: str) -> Refusal:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Refusal(status=status, kind=kind, message=said_, headers=named)


@pytest.mark.parametrize(
    ("answer", "delay"),
    [
        (RATE_LIMITED, 7.0),
        (OVERLOADED, None),
        (refusal(529, "overloaded_error", retry_after="2.5"), 2.5),
        (refusal(503), None),
        (refusal(500, "overloaded_error"), None),
        (refusal(429, retry_after="Wed, 25 Nov 2026 09:00:00 GMT"), None),
        (refusal(429, retry_after="-3"), 0.0),
    ],
)
def test_a_busy_provider_says_when_to_come_back(
    api: MessagesApi, answer: Refusal, delay: float | None
) -> None:
    api.script = in_turn(answer)
    with pytest.raises(ModelOverloaded) as raised:
        respond(asking(api), HELLO)
    assert raised.value.delay == delay


@pytest.mark.parametrize(
    "answer",
    [
        TOO_LONG,
        refusal(413, "request_too_large"),
        refusal(
            400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 1 + 1 > 1"
        ),
    ],
)
def test_a_request_that_does_not_fit_is_told_from_a_wrong_one(api: MessagesApi, answer: Refusal) -> None:
    api.script = in_turn(answer)
    with pytest.raises(ContextTooLong):
        respond(asking(api), HELLO)


def test_a_context_that_fills_up_while_answering_is_too_long(api: MessagesApi) -> None:
    api.script = in_turn(Reply(blocks=[text("So")], stop_reason="model_context_window_exceeded"))
    with pytest.raises(ContextTooLong):
        respond(asking(api), HELLO)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
def test_a_wrong_request_is_rejected_with_the_provider_s_words(api: MessagesApi, status: int) -> None:
    api.script = in_turn(refusal(status, "some_error", "the reason why"))
    with pytest.raises(ModelRejected, match=f"{status} some_error: the reason why"):
        respond(asking(api), HELLO)


@pytest.mark.parametrize("answer", [FAILED, refusal(502), refusal(504), refusal(408), refusal(409)])
def test_a_failing_provider_may_be_asked_again(api: MessagesApi, answer: Refusal) -> None:
    api.script = in_turn(answer)
    with pytest.raises(ModelBroken):
        respond(asking(api), HELLO)


@pytest.mark.parametrize("after", [0, 2, 4, 12])
@pytest.mark.parametrize("how", ["ends", "drops", "garbles", "fails"])
def test_a_stream_that_breaks_gives_no_part_of_an_answer(api: MessagesApi, how: Break, after: int) -> None:
    api.script = in_turn(Broken(how=how, reply=REPLY, after=after))
    with pytest.raises(ModelBroken):
        respond(asking(api), HELLO)


def test_an_overload_in_the_middle_is_an_overload(api: MessagesApi) -> None:
    api.script = in_turn(Broken(how="overloads", reply=REPLY))
    with pytest.raises(ModelOverloaded):
        respond(asking(api), HELLO)


@pytest.mark.parametrize("answer", [Silence(), Broken(how="stalls", reply=REPLY)])
def test_silence_is_a_broken_connection(api: MessagesApi, answer: Silence | Broken) -> None:
    api.script = in_turn(answer)
    with pytest.raises(ModelBroken):
        respond(asking(api, silence=0.2), HELLO)


def test_nobody_listening_is_a_broken_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ModelBroken, match="refused"):
        respond(AnthropicModel(api_key=KEY, base_url=f"http://127.0.0.1:{port}"), HELLO)


def test_nothing_is_tried_twice(api: MessagesApi) -> None:
    for answer in (RATE_LIMITED, OVERLOADED, FAILED, Broken(how="drops", reply=REPLY)):
        api.script = in_turn(answer)
        api.journal.clear()
        with pytest.raises(ModelError):
            respond(asking(api), HELLO)
        assert len(api.journal) == 1


def cancel_when_asked(api: MessagesApi, cancelled: Event) -> Thread:
    """Cancel as soon as the request has arrived."""

    def watch() -> None:
        while not api.journal:
            api.stopped.wait(0.01)
        cancelled.set()

    watching = Thread(target=watch)
    watching.start()
    return watching


@pytest.mark.parametrize("answer", [Silence(), Broken(how="stalls", reply=REPLY)])
def test_a_call_is_cancelled_while_nothing_arrives(api: MessagesApi, answer: Silence | Broken) -> None:
    api.script = in_turn(answer)
    cancelled = Event()
    watching = cancel_when_asked(api, cancelled)
    with pytest.raises(ModelCancelled):
        asking(api, silence=600).respond(asked(HELLO), on_text=lambda _: None, cancelled=cancelled)
    watching.join()


def test_a_cancelled_call_leaves_neither_connection_nor_thread(api: MessagesApi) -> None:
    api.script = in_turn(Broken(how="stalls", reply=REPLY))
    cancelled = Event()
    with pytest.raises(ModelCancelled):
        asking(api, silence=600).respond(asked(HELLO), on_text=lambda _: cancelled.set(), cancelled=cancelled)
    assert api.hung_up.wait(10)
    for thread in threads():
        if thread.name.startswith("model-stream"):
            thread.join(10)
            assert not thread.is_alive()


def test_a_call_cancelled_before_it_begins_is_not_made(api: MessagesApi) -> None:
    cancelled = Event()
    cancelled.set()
    with pytest.raises(ModelCancelled):
        asking(api).respond(asked(HELLO), on_text=lambda _: None, cancelled=cancelled)
    assert api.journal == []


def test_what_the_listener_raises_comes_through_and_ends_the_call(api: MessagesApi) -> None:
    api.script = in_turn(Broken(how="stalls", reply=REPLY))

    def fail(_: str) -> None:
        raise LookupError("display is gone")

    with pytest.raises(LookupError):
        asking(api, silence=600).respond(asked(HELLO), on_text=fail, cancelled=Event())
    assert api.hung_up.wait(10)


def test_reading_is_given_up_even_when_it_cannot_be_cut() -> None:
    release, cancelled = Event(), Event()

    def stuck() -> Iterator[str]:
        yield "first"
        release.wait(60)

    items = interruptible(stuck, cancelled=cancelled, cut=lambda: None)
    assert next(items) == "first"
    cancelled.set()
    with pytest.raises(ModelCancelled):
        next(items)
    release.set()


@pytest.mark.parametrize(
    "answer",
    [
        refusal(401, "authentication_error", f"invalid x-api-key {KEY}"),
        refusal(500, "api_error", f"could not check {KEY}"),
        refusal(429, "rate_limit_error", f"too many requests of {KEY}"),
        Broken(how="drops", reply=REPLY),
        Broken(how="garbles", reply=REPLY),
    ],
)
def test_the_key_is_in_no_error(api: MessagesApi, answer: Refusal | Broken) -> None:
    api.script = in_turn(answer)
    with pytest.raises(ModelError) as raised:
        respond(asking(api), HELLO)
    shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value)
    assert KEY not in shown


def test_the_key_is_not_shown_with_the_model(api: MessagesApi) -> None:
    assert KEY not in repr(asking(api))


@pytest.mark.parametrize("key", ["", "  ", "sk-ant-a\nb", "sk-ant-schlüssel", "two words"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ValueError, match="copy it again") as raised:
        AnthropicModel(api_key=key)
    assert not key.strip() or key not in str(raised.value)


def test_white_space_around_a_key_is_no_mistake(api: MessagesApi) -> None:
    model = AnthropicModel(api_key=f" {KEY}\n", base_url=api.address)
    assert respond(model, HELLO).stop_reason == "tool_use"


def test_a_wrong_key_is_rejected(api: MessagesApi) -> None:
    with pytest.raises(ModelRejected, match="401 authentication_error"):
        respond(AnthropicModel(api_key="sk-ant-other", base_url=api.address), HELLO)
