"""The texts of a change: its branch, its commit and the description of its pull request."""

from __future__ import annotations

from uuid import UUID

import pytest

from bot.brain.changes.publication import branch_name, commit_message, description, requester
from bot.slack.showing.pull_requests import publishing
from memory.log.change_events import ChangeAuthorised
from memory.log.events import Event
from memory.log.session import Session
from tests.brain import change_logs as changes
from tests.brain.logs import (
    answered,
    asked,
    attached,
    finished,
    first_answer,
    hit,
    posted,
    recalled,
    said,
    session_of,
    started,
    then,
    use,
)

PUSHED = (
    changes.checked(),
    changes.exported(),
    changes.authorised(),
    changes.push_started(),
    changes.pushed(),
)
SESSION = UUID("12345678-0000-0000-0000-000000000000")
THREAD = "https://riverbend.slack.com/archives/C1/p1"


def made(authorised: ChangeAuthorised | None = None) -> Session:
    """A session whose change is exported."""
    return session_of(
        said("the import fails"),
        *posted("progress:1", "progress"),
        recalled(hit()),
        *posted("recall:1", "recall"),
        asked(7),
        answered(text="It was the zone. @ada look"),
        changes.checked(changes.ran(), changes.ran(1, "lint")),
        changes.exported(),
        *([authorised] if authorised else []),
    )


def body(authorised: ChangeAuthorised | None = None) -> str:
    session = made(authorised)
    assert session.change.exported is not None
    return description(session, session.change.exported, THREAD)


def test_a_branch_is_named_after_its_session_and_number() -> None:
    assert (
        branch_name(SESSION, "Fix: the import, of Parcels!", 1) == "oxbow/fix-the-import-of-parcels-12345678"
    )
    assert branch_name(SESSION, "…", 2) == "oxbow/change-12345678-2"


def test_a_description_links_the_thread_and_the_memories_that_were_at_hand() -> None:
    told = body()
    assert f"[the thread]({THREAD})" in told
    assert "- https://riverbend.slack.com/archives/C1/p1 (confirmed)" in told
    assert f"**Evidence**, at `{changes.COMMIT}`" in told


def test_a_description_says_on_whose_word_it_was_pushed() -> None:
    assert "approval does not count" not in body()
    assert "Asked for by Ada (ada-gh), who may write here: their own approval does not count." in body(
        changes.authorised()
    )
    assert "Ada, whose rights here are not known" in body(changes.authorised(how="bot", account=""))


def test_everybody_who_was_heard_is_credited_once() -> None:
    session = then(made(), said("keep the order", ts="2.0", by="Bruno"), said("yes", ts="3.0"), asked(16))
    credited = [line for line in commit_message(session, "Fix it", THREAD).splitlines() if ":" in line]
    assert credited[-2:] == [
        "Co-authored-by: Ada <UADA@slack.invalid>",
        "Co-authored-by: Bruno <UBRUNO@slack.invalid>",
    ]


def test_who_asked_is_whose_message_began_the_turn() -> None:
    assert requester(made()) == ("UADA", "Ada")
    opened = session_of(said(), *posted("progress:1", "progress"), said("mine too", by="Bruno", ts="2.0"))
    assert requester(opened) == ("UADA", "Ada")


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ((), "Running the repository's checks"),
        ((changes.checked(),), "Looking through the change"),
        ((changes.checked(), changes.exported()), "Asking whether this may be pushed"),
        ((changes.checked(), changes.exported(), changes.authorised()), "Pushing the branch"),
        ((*PUSHED,), "Opening the pull request"),
        ((changes.awaited(),), "Waiting: the forge does not answer. I ask again by myself"),
        ((*PUSHED, changes.opened()), None),
        ((changes.withheld(),), None),
    ],
)
def test_people_see_which_step_of_publishing_is_under_way(
    events: tuple[Event, ...], words: str | None
) -> None:
    worked = (
        *first_answer(use("c1")),
        attached(repository="cart", base_commit=changes.BASE),
        started(),
        finished(),
        asked(11),
        answered(text="It is fixed."),
    )
    assert publishing(session_of(*worked, *events)) == words
