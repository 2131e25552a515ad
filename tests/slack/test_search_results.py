"""What a search of memory looks like in Slack."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.slack.showing.rendered import Rendered
from bot.slack.showing.search_results import RESULTS, button_value, read_button_value, search_results
from memory.recall.recall import Hit
from tests.slack.test_gate import HIT
from tests.slack.test_rendering import results

NOW = datetime(2026, 1, 5, tzinfo=UTC)

FOUND = replace(
    HIT,
    problem="The nightly import fails\nKeyError: 'tz' in rows.py",
    fix="Rows without **tz** are UTC.",
    outcome="confirmed",
    permalink="https://acme.slack.com/archives/C1/p1",
    finished_at=NOW - timedelta(days=3),
    why="shares KeyError, tz",
    excerpt="see the trace\nKeyError: 'tz' in rows.py\nthat is all",
    shared=("KeyError", "tz", "import"),
)


def shown(made: Rendered) -> str:
    """Everything a person reads, line by line."""
    lines = []
    for block in made.blocks:
        parts = [block.get("text"), *block.get("elements", [])]
        for part in filter(None, parts):
            text = part.get("text")
            lines.append(text if isinstance(text, str) else text["text"])
    return "\n".join(lines)


def buttons(made: Rendered) -> list[str]:
    last = made.blocks[-1]
    return [element["text"]["text"] for element in last["elements"]] if last["type"] == "actions" else []


def test_a_hit_shows_where_it_is_how_it_ended_how_old_it_is_and_why_it_was_found() -> None:
    assert shown(search_results(results("KeyError tz import", FOUND), shared=True)).splitlines() == [
        "*Solved before* — KeyError tz import",
        "<https://acme.slack.com/archives/C1/p1|The nightly import fails>",
        "#general  ·  confirmed  ·  3 days ago",
        "shares KeyError, tz",
        "_…_ *KeyError*: '*tz*' in rows.py",
        "> Rows without *tz* are UTC.",
    ]


def test_only_whole_words_are_marked() -> None:
    made = search_results(results("tz", replace(FOUND, fix="tzinfo, tz", excerpt="")), shared=True)
    assert "> tzinfo, *tz*" in shown(made)


def test_a_line_that_is_shown_anyway_is_not_repeated() -> None:
    made = search_results(
        results("import", replace(FOUND, excerpt=FOUND.problem.splitlines()[0])), shared=True
    )
    assert shown(made).count("The nightly") == 1


def test_in_code_no_word_is_marked() -> None:
    made = search_results(results("tz", replace(FOUND, fix="an empty `tz` is tz", excerpt="")), shared=True)
    assert "> an empty `tz` is *tz*" in shown(made)


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "today"), (1, "1 day ago"), (59, "59 days ago"), (90, "2025-10-07, 3 months ago")],
)
def test_an_age_is_said_as_people_say_it(days: int, said: str) -> None:
    hit = replace(FOUND, finished_at=NOW - timedelta(days=days))
    assert f"·  {said}\n" in shown(search_results(results("x", hit), shared=True))


def test_a_word_that_was_put_right_is_named() -> None:
    made = search_results(results("imprt", FOUND, meant={"imprt": "import"}), shared=True)
    assert "No thread holds what was typed; I looked for *import* for _imprt_." in shown(made)


def test_nothing_found_is_said_so() -> None:
    assert search_results(results("KeyError"), shared=False).text == "Nothing similar found for *KeyError*."


@pytest.mark.parametrize(("page", "turns"), [(0, ["Next"]), (1, ["Previous", "Next"]), (2, ["Previous"])])
def test_there_is_a_button_for_each_page_beside_this_one(page: int, turns: list[str]) -> None:
    made = search_results(results("x", *many(2 * RESULTS + 1), page=page), shared=False)
    assert buttons(made) == [*turns, "Share in channel"]
    assert f"Page {page + 1} of 3" in shown(made)


def test_one_page_needs_no_turning() -> None:
    made = search_results(results("x", *many(RESULTS)), shared=False)
    assert (buttons(made), "Page" in shown(made)) == (["Share in channel"], False)


def test_what_is_shared_has_no_buttons() -> None:
    assert buttons(search_results(results("x", *many(2 * RESULTS)), shared=True)) == []


def test_a_page_shows_its_own_hits() -> None:
    made = shown(search_results(results("x", *many(7), page=1), shared=True))
    assert [f"problem {n}" in made for n in range(7)] == [False] * 5 + [True] * 2


def test_a_button_repeats_the_search_it_stands_under() -> None:
    assert read_button_value(button_value(2, 'in:#ops "a b": x')) == (2, 'in:#ops "a b": x')


def many(number: int) -> list[Hit]:
    return [replace(FOUND, problem=f"problem {n}", excerpt="") for n in range(number)]
