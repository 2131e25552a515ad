"""What becomes of a pull request comes back to its thread, and to what was learned."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine, text

from bot.forge.plumbing import git
from memory.log.change_events import BranchPushed, PullRequestChanged, PullRequestOpened
from memory.log.events import ModelRequested
from tests.forge.origins import commit
from tests.scenarios.shop import FIX, Shop, bash
from tests.support.script_model import says

AGAIN = "echo again >> file; git commit -qam Again"


@pytest.fixture
def thread(shop: Shop) -> str:
    """A thread whose pull request is open."""
    return shop.ask(bash(FIX), says("Fixed."))


def outcome(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT outcome FROM solutions")).scalar_one())


def fail(shop: Shop, commit: str, name: str = "tests") -> None:
    told = {"conclusion": "failed", "summary": "2 failed: test_total"}
    shop.keep(f"refs/oxbow/checks/{commit}/{name}", json.dumps(told))


def heads(shop: Shop, thread: str) -> list[str]:
    return [event.commit for event in shop.events(thread, BranchPushed)]


# How it ends


def test_a_merge_confirms_what_was_learned(shop: Shop, thread: str, engine: Engine) -> None:
    assert outcome(engine) == "answered"
    git("update-ref", "refs/heads/trunk", heads(shop, thread)[0], cwd=shop.bare)
    shop.go_on()
    assert outcome(engine) == "confirmed"
    assert [notice.split()[0] for notice in shop.notices(thread)] == [":tada:"]


def test_one_that_is_closed_lowers_it(shop: Shop, thread: str, engine: Engine) -> None:
    shop.keep("refs/oxbow/closed/1", "{}")
    shop.go_on()
    assert outcome(engine) == "unsolved"
    assert "closed without a merge" in shop.notices(thread)[0]


def test_a_revert_lowers_it_again(shop: Shop, thread: str, engine: Engine) -> None:
    [head] = heads(shop, thread)
    git("update-ref", "refs/heads/trunk", head, cwd=shop.bare)
    shop.go_on()
    git("fetch", "--quiet", str(shop.bare), "trunk", cwd=shop.work)
    git("checkout", "--quiet", "--detach", "FETCH_HEAD", cwd=shop.work)
    commit(shop.work, f"This reverts commit {head}.", "reverted")
    git("push", "--quiet", str(shop.bare), "HEAD:trunk", cwd=shop.work)
    shop.go_on()
    assert outcome(engine) == "unsolved"
    assert [notice.split()[0] for notice in shop.notices(thread)] == [":tada:", ":leftwards_arrow_with_hook:"]


def test_what_is_learned_carries_the_commit(shop: Shop, thread: str, engine: Engine) -> None:
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT commit FROM solutions")).scalar_one()
    assert kept == heads(shop, thread)[0]


def test_what_did_not_change_is_told_once(shop: Shop, thread: str) -> None:
    shop.go_on()
    shop.go_on()
    assert len(shop.events(thread, PullRequestChanged)) == 1
    assert shop.notices(thread) == []


def test_after_a_merge_the_next_change_has_a_pull_request_of_its_own(shop: Shop, thread: str) -> None:
    [head] = heads(shop, thread)
    git("update-ref", "refs/heads/trunk", head, cwd=shop.bare)
    shop.go_on()
    shop.oxbow.say("ada", "general", "@Oxbow more please", thread)
    shop.go_on(bash(AGAIN), says("More."))
    first, second = shop.events(thread, PullRequestOpened)
    assert second.branch.endswith("-2")
    assert (first.number, second.number) == (1, 2)
    assert git("rev-parse", f"{second.head}^", cwd=shop.bare).strip() == head


# What can be repaired


def test_a_failed_check_wakes_the_session_which_repairs_it_on_the_same_branch(
    shop: Shop, thread: str
) -> None:
    fail(shop, heads(shop, thread)[0])
    model = shop.go_on(bash(AGAIN), says("Repaired."))
    assert "2 failed: test_total" in str(model.requests[0].messages[-1])
    first, second = heads(shop, thread)
    assert git("rev-parse", f"{second}^", cwd=shop.bare).strip() == first
    assert len(shop.events(thread, PullRequestOpened)) == 1
    assert "Repaired." in shop.answer(thread)


def test_after_two_rounds_people_get_it_in_a_fixed_form(shop: Shop, thread: str) -> None:
    for number in (1, 2):
        fail(shop, heads(shop, thread)[-1])
        shop.go_on(bash(f"echo {number} >> file; git commit -qam Again"), says(f"Try {number}."))
    fail(shop, heads(shop, thread)[-1])
    assert shop.go_on().requests == []
    [notice] = shop.notices(thread)
    assert [line.split()[0] for line in notice.splitlines()[1:]] == [
        "*Head*",
        "*Tried*",
        "*Evidence*",
        "*Question*",
    ]
    assert heads(shop, thread)[-1][:12] in notice
    assert "2 failed: test_total" in notice


def test_a_check_that_is_told_again_is_no_second_round(shop: Shop, thread: str) -> None:
    [head] = heads(shop, thread)
    fail(shop, head)
    shop.go_on(says("It cannot be repaired here."))
    shop.keep(f"refs/oxbow/checks/{head}/lint", json.dumps({"conclusion": "passed"}))
    assert shop.go_on().requests == []


def test_what_was_found_for_an_older_head_says_nothing(shop: Shop, thread: str) -> None:
    [old] = heads(shop, thread)
    shop.oxbow.say("ada", "general", "@Oxbow more please", thread)
    shop.go_on(bash(AGAIN), says("More."))
    fail(shop, old)
    assert shop.go_on().requests == []


def test_a_review_that_asks_for_changes_is_answered(shop: Shop, thread: str) -> None:
    told = {"author": "bruno", "verdict": "changes_requested", "text": "Keep the order."}
    shop.keep("refs/oxbow/reviews/1/1", json.dumps(told))
    model = shop.go_on(bash(AGAIN), says("Kept."))
    assert "bruno (changes requested):\\n&gt; Keep the order." in str(model.requests[0].messages[-1])
    assert "Kept." in shop.answer(thread)


def test_an_approval_alone_wakes_nobody(shop: Shop, thread: str) -> None:
    before = len(shop.events(thread, ModelRequested))
    told = {"author": "bruno", "verdict": "approved", "text": ""}
    shop.keep("refs/oxbow/reviews/1/1", json.dumps(told))
    shop.go_on()
    assert len(shop.events(thread, ModelRequested)) == before


def test_a_commit_of_a_person_stops_the_bot(shop: Shop, thread: str) -> None:
    theirs = shop.commit_by_hand(shop.events(thread, BranchPushed)[0])
    fail(shop, theirs)
    assert shop.go_on().requests == []
    assert "Somebody else committed" in shop.notices(thread)[0]
