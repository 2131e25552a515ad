"""A change on its way into a pull request, as the log tells it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from memory.log.change import Publication, applied
from memory.log.change_events import ChangeRecorded
from tests.brain.change_logs import (
    BRANCH,
    COMMIT,
    awaited,
    changed,
    checked,
    exported,
    opened,
    push_started,
    pushed,
    ran,
    withheld,
)

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)


def told(*events: ChangeRecorded, before: Publication | None = None) -> Publication:
    publication = before or Publication()
    for event in events:
        publication = applied(publication, event, AT)
    return publication


PUSHED = (checked(ran()), exported(), push_started(), pushed())


def test_a_commit_counts_as_its_own_from_the_moment_it_may_be_there() -> None:
    assert told(*PUSHED[:3]).commits == (COMMIT,)
    assert told(*PUSHED[:3]).pushed is None


def test_the_same_push_begun_again_is_one_commit() -> None:
    assert told(push_started(), push_started(), pushed()).commits == (COMMIT,)


def test_when_the_model_goes_on_its_answer_is_checked_and_exported_anew() -> None:
    again = told(*PUSHED[:2]).asked_again()
    assert (again.checked, again.exported, again.withheld) == (None, None, None)


def test_what_was_pushed_stays_when_the_model_goes_on() -> None:
    again = told(*PUSHED, opened()).asked_again()
    assert (again.branch, again.commits) == (BRANCH, (COMMIT,))
    assert again.opened is not None


def test_rounds_of_failed_checks_are_counted_within_a_turn() -> None:
    failed = told(checked(ran(1)), checked(ran(), ran(2)), checked(ran(None)))
    assert failed.failed_rounds == 3
    assert failed.turn_opened().failed_rounds == 0


def test_a_forge_that_answers_is_not_waited_for_any_more() -> None:
    waiting = told(awaited(), awaited())
    assert (waiting.awaited_times, waiting.awaited_at) == (2, AT)
    assert told(exported(), before=waiting).awaited is None


def test_another_commit_than_its_own_means_that_somebody_took_over() -> None:
    publication = told(*PUSHED, opened())
    assert not _standing(publication, COMMIT).taken_over
    assert _standing(publication, "f" * 40).taken_over


def test_a_new_branch_begins_anew() -> None:
    second = told(*PUSHED, opened(), push_started("e" * 40, branch=f"{BRANCH}-2"))
    assert (second.branch, second.commits, second.opened, second.pushed) == (
        f"{BRANCH}-2",
        ("e" * 40,),
        None,
        None,
    )
    assert second.pull_requests == 1


def test_a_draft_that_is_found_again_is_the_same() -> None:
    assert told(*PUSHED, opened(), opened()).pull_requests == 1


def test_what_the_forge_refused_is_left_for_the_next_answer() -> None:
    assert told(withheld("refused")).left
    assert not told(withheld("unsafe")).left
    assert told(withheld("refused"), *PUSHED).left
    assert not told(withheld("refused"), *PUSHED, opened()).left
    assert told(withheld("unauthorised")).left


def _standing(publication: Publication, head: str) -> Publication:
    return replace(publication, standing=changed(head))
