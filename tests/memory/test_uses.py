"""What became of solutions that were found, and what of it weighs on them."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from memory.embedding.embedder import HashingEmbedder
from memory.log.events import Verdict
from memory.solutions.index import SolutionIndex
from memory.solutions.uses import links, record_answer, record_feedback, record_shown
from tests.memory.solution_makers import TEAM, make_solution, remember

LINK = "https://slack.example/C1/1.0"


@pytest.fixture
def earlier(engine: Engine) -> UUID:
    """A solution that later sessions find."""
    [solution] = remember(engine, HashingEmbedder(), make_solution("import fails", thread="1.0"))
    return solution


def session(engine: Engine, thread: str = "2.0") -> UUID:
    """A later session, whose own solution is remembered."""
    with engine.begin() as connection:
        opened: UUID = connection.execute(
            text("INSERT INTO sessions (team, channel, thread) VALUES ('T1', 'C1', :thread) RETURNING id"),
            {"thread": thread},
        ).scalar_one()
    remember(engine, HashingEmbedder(), make_solution("import fails again", thread=thread, session=opened))
    return opened


def answer(engine: Engine, of: UUID, said: str, *, solved: bool = False) -> None:
    """The session's answer is indexed, and judged."""
    with engine.begin() as connection:
        if solved:
            taught = text("SELECT id FROM solutions WHERE session_id = :session")
            own = connection.execute(taught, {"session": of}).scalar_one()
            SolutionIndex(engine, HashingEmbedder()).set_outcome(connection, own, "confirmed")
        record_answer(connection, of, team=TEAM, answer=said)


def uses(engine: Engine) -> list[bool]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT cited FROM solution_uses")).scalars())


def figures(engine: Engine, solution: UUID) -> tuple[int, int]:
    """How often it helped, and how many people dismissed it."""
    with engine.connect() as connection:
        row = connection.execute(
            text("SELECT helped, dismissed FROM solutions WHERE id = :id"), {"id": solution}
        ).one()
    return row.helped, row.dismissed


def judge(engine: Engine, solution: UUID, in_: UUID, by: str, verdict: Verdict) -> None:
    with engine.begin() as connection:
        record_feedback(connection, solution, session=in_, by=by, verdict=verdict)


def test_what_is_shown_is_kept_once_for_each_session(engine: Engine, earlier: UUID) -> None:
    one = session(engine)
    for _ in range(2):
        with engine.begin() as connection:
            record_shown(connection, one, [earlier])
    assert uses(engine) == [False]


def test_a_solution_that_is_gone_is_not_kept(engine: Engine) -> None:
    with engine.begin() as connection:
        record_shown(connection, session(engine), [uuid4()])
    assert uses(engine) == []


def test_an_answer_that_names_the_link_cites(engine: Engine, earlier: UUID) -> None:
    one = session(engine)
    with engine.begin() as connection:
        record_shown(connection, one, [earlier])
    answer(engine, one, f"As in [the earlier thread]({LINK}).")
    assert (uses(engine), figures(engine, earlier)) == ([True], (0, 0))


def test_a_solution_that_was_searched_for_and_cited_counts_without_having_been_shown(
    engine: Engine, earlier: UUID
) -> None:
    answer(engine, session(engine), f"See {LINK}.")
    assert uses(engine) == [True]


def test_a_citation_in_an_answer_that_was_confirmed_helped(engine: Engine, earlier: UUID) -> None:
    for thread in ("2.0", "3.0"):
        answer(engine, session(engine, thread), LINK, solved=True)
    assert figures(engine, earlier) == (2, 0)


def test_an_answer_that_is_indexed_again_helps_once(engine: Engine, earlier: UUID) -> None:
    one = session(engine)
    for _ in range(2):
        answer(engine, one, LINK, solved=True)
    assert figures(engine, earlier) == (1, 0)


def test_a_session_does_not_cite_itself(engine: Engine) -> None:
    answer(engine, session(engine), "https://slack.example/C1/2.0", solved=True)
    assert uses(engine) == []


def test_people_who_call_it_not_relevant_are_counted_once_each(engine: Engine, earlier: UUID) -> None:
    one, two = session(engine), session(engine, "3.0")
    for where, by in ((one, "U1"), (one, "U1"), (two, "U1"), (two, "U2")):
        judge(engine, earlier, where, by, "not_relevant")
    assert figures(engine, earlier) == (0, 2)


def test_who_changes_their_mind_no_longer_counts(engine: Engine, earlier: UUID) -> None:
    one = session(engine)
    judge(engine, earlier, one, "U1", "not_relevant")
    judge(engine, earlier, one, "U1", "solved")
    assert figures(engine, earlier) == (1, 0)


def test_feedback_on_a_solution_that_is_gone_is_dropped(engine: Engine) -> None:
    judge(engine, uuid4(), session(engine), "U1", "not_relevant")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (f"see {LINK}.", [LINK]),
        (f"<{LINK}|it> and ({LINK})", [LINK]),
        (f"**{LINK}**, `{LINK}/2`!", [LINK, f"{LINK}/2"]),
        ("no link: slack.example/C1", []),
    ],
)
def test_links_are_read_as_people_and_models_write_them(said: str, found: list[str]) -> None:
    assert links(said) == found
