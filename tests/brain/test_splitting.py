"""Long answers in parts: nothing lost, nothing changed, every part acceptable."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.brain.splitting import PART_CHARACTERS, split_markdown

LIMIT = 200

lines = st.one_of(
    st.sampled_from(
        [
            "```",
            "```python",
            "````",
            "",
            "    indented",
            "* a point",
            "# heading",
            "`code`",
            "~~~",
            "``` not a fence",
        ]
    ),
    st.text(alphabet="abc 日本語👩‍💻é-", max_size=90),
    st.text(alphabet="x", min_size=150, max_size=500),
)
texts = st.lists(lines, max_size=40).map("\n".join)


def without_repairs(parts: tuple[str, ...]) -> str:
    """The words of all parts without white space and fences: what must not be lost."""
    return re.sub(r"\s+|`{3,}[\w+#.-]*", "", "\n".join(parts))


def in_fences(text: str) -> list[str]:
    """The lines inside the fences of a text, in order."""
    inside, found = "", []
    for line in text.split("\n"):
        opening = re.fullmatch(r"\s{0,3}(`{3,30})[\w+#.-]{0,30}\s*", line)
        if inside and line.strip().startswith(inside) and not line.strip().strip("`"):
            inside = ""
        elif inside:
            found.append(line)
        elif opening:
            inside = opening.group(1)
    return found


@settings(deadline=None)
@given(texts)
def test_every_part_is_within_the_limit(text: str) -> None:
    assert max(map(len, split_markdown(text, LIMIT))) <= LIMIT


@settings(deadline=None)
@given(texts)
def test_nothing_is_lost_and_nothing_is_added_but_fences(text: str) -> None:
    assert without_repairs(split_markdown(text, LIMIT)) == without_repairs((text,))


@settings(deadline=None)
@given(texts)
@example("\n" * 1_000)
@example("a" + "\n" * 1_000)
def test_no_part_is_empty_unless_the_text_is(text: str) -> None:
    assert all(part.strip() for part in split_markdown(text, LIMIT)) == bool(text.strip())


@given(st.text(max_size=LIMIT))
def test_what_fits_is_left_as_it_is(text: str) -> None:
    assert split_markdown(text, LIMIT) == (text,)


@settings(deadline=None)
@given(st.lists(st.text(alphabet="ab {}()=日👩", max_size=60), max_size=60))
def test_lines_of_code_come_out_as_they_went_in(code: list[str]) -> None:
    text = "\n".join(["before", "```python", *code, "```", "after"])
    parts = split_markdown(text, LIMIT)
    assert [line for part in parts for line in in_fences(part)] == code


@settings(deadline=None)
@given(st.text(alphabet="👩‍💻🇫🇷日本語e\u0301👍🏽", min_size=300, max_size=900))
def test_no_character_is_cut_in_two(text: str) -> None:
    assert "".join(split_markdown(text, LIMIT)) == text
    marks = ("\u200d", "\u0301", "\U0001f3fd")
    for before, after in pairwise(split_markdown(text, LIMIT)):
        assert not after.startswith(marks)
        assert not before.endswith("\u200d")


def test_cuts_are_made_between_paragraphs_then_lines_then_words() -> None:
    assert split_markdown("a" * 100 + "\n\n" + "b" * 100 + "\n" + "c", 170) == ("a" * 100, "b" * 100 + "\nc")
    assert split_markdown("a" * 100 + "\n" + "b c " * 30, 170) == ("a" * 100, "b c " * 30)
    assert split_markdown("word " * 40, 170) == ("word " * 26, "word " * 14)


def test_a_fence_is_closed_and_opened_again_with_its_language() -> None:
    parts = split_markdown("```python\n" + "x = 1\n" * 40 + "```\nDone.", LIMIT)
    assert len(parts) > 1
    assert all(part.startswith("```python\nx = 1\n") for part in parts)
    assert all(part.endswith("\n```") for part in parts[:-1])
    assert parts[-1].endswith("```\nDone.")


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_text_is_one_empty_part(text: str) -> None:
    assert split_markdown(text, LIMIT) == (text,)


def test_the_usual_limit_leaves_room_in_a_message() -> None:
    parts = split_markdown("word " * 10_000)
    assert PART_CHARACTERS - 100 < len(parts[0]) <= PART_CHARACTERS < 12_000
