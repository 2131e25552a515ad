"""What is taken from a thread of people as its problem and its fix."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from memory.imports.threads import ImportedMessage, ImportedThread, solution_of
from memory.solutions.solution import Solution

START = datetime(2020, 5, 1, tzinfo=UTC)


def read(*said: tuple[str, str], title: str = "", resolved: bool | None = None) -> Solution:
    messages = tuple(
        ImportedMessage(author=author, text=text, at=START + timedelta(minutes=n))
        for n, (author, text) in enumerate(said)
    )
    thread = ImportedThread(
        channel="C1",
        channel_name="ops",
        thread="1.0",
        title=title,
        permalink="https://slack.example",
        messages=messages,
        resolved=resolved,
    )
    return solution_of(thread, team="T1")


def test_the_problem_is_what_the_first_author_wrote_before_anybody_else() -> None:
    solution = read(("Ada", "import fails"), ("Ada", "since Monday"), ("Bob", "why"), ("Ada", "dunno"))
    assert solution.problem == "import fails\nsince Monday"


def test_a_title_begins_the_problem() -> None:
    assert read(("Ada", "see log"), title="Import fails").problem == "Import fails\nsee log"


def test_the_fix_is_what_the_asker_thanked_for() -> None:
    solution = read(
        ("Ada", "import fails"),
        ("Bob", "a long theory " * 20),
        ("Eve", "set the"),
        ("Eve", "time zone"),
        ("Ada", "Thanks, that worked"),
        ("Bob", "you are welcome, " * 20),
    )
    assert (solution.fix, solution.outcome) == ("set the\ntime zone", "answered")


def test_thanks_of_somebody_else_decide_nothing() -> None:
    solution = read(("Ada", "import fails"), ("Bob", "set the time zone"), ("Eve", "ha"), ("Bob", "thanks"))
    assert solution.fix == "set the time zone"


def test_without_thanks_the_longest_reply_of_another_is_the_fix() -> None:
    solution = read(("Ada", "import fails"), ("Bob", "hm"), ("Eve", "set the zone"), ("Ada", "long " * 50))
    assert solution.fix == "set the zone"


def test_a_thread_of_one_person_has_no_fix() -> None:
    solution = read(("Ada", "import fails"), ("Ada", "never mind"))
    assert (solution.fix, solution.outcome) == ("", "unsolved")


def test_the_word_of_the_source_decides_the_outcome() -> None:
    said = ("Ada", "import fails"), ("Bob", "set the zone")
    assert [read(*said, resolved=word).outcome for word in (True, False, None)] == [
        "confirmed",
        "unsolved",
        "answered",
    ]


def test_everybody_and_everything_said_is_kept() -> None:
    solution = read(("Ada", "import fails"), ("Bob", "hm"), ("Ada", "oh"))
    assert solution.people == ("Ada", "Bob")
    assert [said.text for said in solution.conversation] == ["import fails", "hm", "oh"]
    assert solution.finished_at == START + timedelta(minutes=2)
    assert (solution.session, solution.turn, solution.thread) == (None, 1, "1.0")
