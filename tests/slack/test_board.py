"""The progress messages: the latest state is written, and nothing after the last."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.slack.board import ProgressBoard
from bot.slack.showing.rendered import plain
from tests.slack.fixtures import Slack
from tests.support.waiting import eventually

GENERAL = "C0GENERAL1"


@pytest.fixture
def board(slack: Slack) -> Iterator[ProgressBoard]:
    board = ProgressBoard(slack.replies)
    board.start()
    yield board
    board.stop()


@pytest.fixture
def ts(slack: Slack) -> str:
    return slack.workspace.post("oxbow", "general", "at first")


def shown(slack: Slack, ts: str) -> str:
    return str(slack.workspace.message("general", ts)["text"])


def test_a_message_says_what_is_true_now(slack: Slack, board: ProgressBoard, ts: str) -> None:
    board.show(GENERAL, ts, plain("working"))
    eventually(lambda: shown(slack, ts) == "working")


def test_what_a_newer_state_replaces_is_not_written(slack: Slack, board: ProgressBoard, ts: str) -> None:
    for state in ("one", "two", "three", "four"):
        board.show(GENERAL, ts, plain(state))
    eventually(lambda: shown(slack, ts) == "four")
    assert len(slack.workspace.calls_of("chat.update")) <= 2


def test_a_state_that_comes_back_before_the_other_was_written_stays(
    slack: Slack, board: ProgressBoard, ts: str
) -> None:
    later = slack.workspace.post("oxbow", "general", "a message that is due after it")
    for message in (ts, later):
        board.show(GENERAL, message, plain("one"))
        eventually(lambda message=message: shown(slack, message) == "one")  # type: ignore[misc]
    board.show(GENERAL, ts, plain("two"))
    board.show(GENERAL, ts, plain("one"))
    board.show(GENERAL, later, plain("three"))
    eventually(lambda: shown(slack, later) == "three")
    updates = [call.arguments["text"] for call in slack.workspace.calls_of("chat.update")]
    assert updates == ["one", "one", "three"]


def test_a_message_that_was_left_is_not_written_any_more(slack: Slack, board: ProgressBoard, ts: str) -> None:
    board.show(GENERAL, ts, plain("working"))
    board.leave(ts)
    slack.replies.update(GENERAL, ts, plain("done"))
    assert shown(slack, ts) == "done"


def test_a_limit_of_slack_delays_the_update_and_does_not_lose_it(
    slack: Slack, board: ProgressBoard, ts: str
) -> None:
    slack.workspace.rate_limit_next("chat.update", 1)
    board.finish(GENERAL, ts, plain("done"))
    eventually(lambda: shown(slack, ts) == "done")


@pytest.mark.parametrize("error", ["cant_update_message", "message_not_found", "invalid_blocks"])
def test_an_update_that_slack_refuses_is_dropped(
    slack: Slack, board: ProgressBoard, ts: str, error: str
) -> None:
    slack.workspace.fail_next("chat.update", error)
    board.show(GENERAL, ts, plain("one"))
    eventually(lambda: slack.workspace.calls_of("chat.update"))
    board.show(GENERAL, ts, plain("two"))
    eventually(lambda: shown(slack, ts) == "two")
