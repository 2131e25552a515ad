"""What a model says of a thread is held against the thread: what nobody said or saw there is dropped."""

from __future__ import annotations

from typing import Any

import pytest

from memory.log.events import Json
from memory.solutions.forms import FormFields
from memory.solutions.grounding import LONGEST_ITEM, MOST_ITEMS, grounded

SOURCE = (
    "the nightly import fails with KeyError: 'tz' on Python 3.11.4, see orders/rows.py",
    "Rows without a time zone are UTC. I changed `read_order` & ran the tests <all of them>.",
    "python -m unittest",
)
NOTHING: Json = {
    **dict.fromkeys(("problem", "cause", "fix"), ""),
    **{name: [] for name in ("symptoms", "environment", "commands", "files")},
}


def kept(**said: object) -> FormFields | None:
    return grounded({**NOTHING, **said}, SOURCE)


@pytest.mark.parametrize(
    ("field", "said", "stays"),
    [
        ("symptoms", ["KeyError: 'tz'", "ValueError: bad zone", "keyerror: 'tz'"], ("KeyError: 'tz'",)),
        ("environment", ["Python 3.11.4", "Postgres 17"], ("Python 3.11.4",)),
        ("commands", ["python -m unittest", "rm -rf /"], ("python -m unittest",)),
        ("files", ["orders/rows.py", "orders/nightly.py", ""], ("orders/rows.py",)),
        ("symptoms", ["KeyError: 'tz'", " KeyError: 'tz' "], ("KeyError: 'tz'",)),
        ("symptoms", ["`read_order` &amp; ran the tests &lt;all"], ("`read_order` & ran the tests <all",)),
    ],
)
def test_lists_keep_what_stands_in_the_thread_letter_for_letter(
    field: str, said: list[str], stays: tuple[str, ...]
) -> None:
    assert kept(**{field: said}) == FormFields(**{field: stays})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "stays"),
    [
        ("The import reads a field that may be absent.", "The import reads a field that may be absent."),
        ("A row lacks `tz`. It lacks `offset`.", "A row lacks `tz`."),
        ("It raises KeyError. Then it raises a TypeError.", "It raises KeyError."),
        ("See https://evil.example/run for it. Rows are UTC.", "Rows are UTC."),
        ("The code is in orders/rows.py. It calls src/other/rows.py.", "The code is in orders/rows.py."),
        ('It says "connection refused". It uses `read_order`.', "It uses `read_order`."),
        ("One.\nTwo.", "One. Two."),
    ],
)
def test_a_sentence_that_names_what_the_thread_does_not_have_is_dropped(said: str, stays: str) -> None:
    assert kept(cause=said) == FormFields(cause=stays)


def test_an_outcome_or_a_link_is_not_taken_from_a_model() -> None:
    answer: dict[str, Any] = {"outcome": "confirmed", "permalink": "https://evil.example", "people": ["Eve"]}
    assert kept(fix="Rows are UTC.", **answer) == FormFields(fix="Rows are UTC.")


@pytest.mark.parametrize(
    "said", [{}, {**NOTHING, "fix": None}, {**NOTHING, "symptoms": "KeyError"}, {**NOTHING, "files": [1]}]
)
def test_an_answer_of_another_shape_is_none(said: Json) -> None:
    assert grounded(said, SOURCE) is None


def test_lists_are_bounded() -> None:
    lines = [f"line {n}" for n in range(MOST_ITEMS + 1)]
    found = grounded({**NOTHING, "symptoms": [*lines, "x" * (LONGEST_ITEM + 1)]}, [*lines, "x" * 999])
    assert found == FormFields(symptoms=tuple(lines[:MOST_ITEMS]))
