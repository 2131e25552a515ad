"""Code that is too long for a message leaves the answer, and nothing else does."""

from __future__ import annotations

import pytest

from bot.brain.snippets import LONGEST_CODE, MOST, without_snippets

LONG = "x = 1\n" * LONGEST_CODE


@pytest.mark.parametrize(
    ("opening", "name"),
    [("```python", "answer-3-1.py"), ("```", "answer-3-1.txt"), ("````diff", "answer-3-1.diff")],
)
def test_long_code_is_named_where_it_was(opening: str, name: str) -> None:
    ticks = "`" * opening.count("`")
    text, (snippet,) = without_snippets(f"Here:\n\n{opening}\n{LONG}{ticks}\n\nDone.", 3)
    assert text == f"Here:\n\n_(in the file `{name}` below)_\n\nDone."
    assert (snippet.name, snippet.content) == (name, LONG)


@pytest.mark.parametrize("answer", ["No code.", "```py\nx = 1\n```", f"```py\n{LONG}", LONG])
def test_what_fits_and_what_is_no_closed_code_stays(answer: str) -> None:
    assert without_snippets(answer, 1) == (answer, ())


def test_other_code_is_another_file_and_the_same_is_the_same() -> None:
    first, again, other = (
        without_snippets(f"```\n{code}```", 1)[1][0].key for code in (LONG, LONG, LONG + "y\n")
    )
    assert first == again != other


def test_of_very_much_long_code_the_first_is_taken() -> None:
    text, found = without_snippets(f"```\n{LONG}```\n" * (MOST + 1), 1)
    assert len(found) == MOST
    assert text.count(LONG) == 1
