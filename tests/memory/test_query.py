"""Searches as people type them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.recall.query import FILTERS, Query, QueryProblem, parse

NOW = datetime(2026, 5, 20, 15, 30, tzinfo=UTC)


def read(text: str) -> Query:
    return parse(text, now=NOW)


def test_words_alone_are_looked_for() -> None:
    assert read("  KeyError tz   import ") == Query(text="KeyError tz import")


def test_filters_are_taken_out_of_the_words() -> None:
    assert read("timeout in:#support from:@ada repo:orders path:src/a.py outcome:confirmed") == Query(
        text="timeout",
        channels=("support",),
        people=("ada",),
        repository="orders",
        path="src/a.py",
        outcomes=("confirmed",),
    )


def test_a_filter_may_be_given_more_than_once_and_in_any_case() -> None:
    assert read("x IN:support in:#ops").channels == ("support", "ops")


def test_names_with_spaces_are_quoted() -> None:
    assert read('x from:"Ada Lovelace"').people == ("Ada Lovelace",)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-4", datetime(2026, 4, 1, tzinfo=UTC)),
        ("2025", datetime(2025, 1, 1, tzinfo=UTC)),
        ("today", datetime(2026, 5, 20, tzinfo=UTC)),
        ("yesterday", datetime(2026, 5, 19, tzinfo=UTC)),
        ("2w", datetime(2026, 5, 6, 15, 30, tzinfo=UTC)),
        ("30d", datetime(2026, 4, 20, 15, 30, tzinfo=UTC)),
    ],
)
def test_times_are_days_months_years_or_ago(said: str, meant: datetime) -> None:
    assert (read(f"x after:{said}").after, read(f"x before:{said}").before) == (meant, meant)


def test_a_quoted_phrase_must_occur_and_is_looked_for_too() -> None:
    assert read('"handshake failed" nightly') == Query(
        text="handshake failed nightly", phrases=("handshake failed",)
    )


def test_quotation_marks_of_a_phone_are_quotation_marks() -> None:
    assert read("\u201chandshake failed\u201d x").phrases == ("handshake failed",)


def test_a_minus_excludes_a_word_or_a_phrase() -> None:
    assert read('timeout -staging -"load test"') == Query(text="timeout", without=("staging", "load test"))


@pytest.mark.parametrize(
    "pasted",
    [
        "pip install -r requirements.txt --no-deps",
        "rm -rf build",
        "git push -f origin",
        "std::vector<int> a - b",
        "KeyError: 'tz'",
        "https://example.com/a?b=c",
        'File "/srv/app/import.py", line 3',
        'raise ValueError("bad zone")',
        "ERROR:root:import failed",
        "it's -1",
        '"',
        "-",
    ],
)
def test_code_is_looked_for_as_it_is(pasted: str) -> None:
    assert read(pasted) == Query(text=pasted)


def test_what_has_several_lines_is_looked_for_as_it_is() -> None:
    trace = 'Traceback:\n  "quoted" -excluded in:#nowhere\nKeyError: tz'
    assert read(trace) == Query(text=trace)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_without_a_value_is_named_with_an_example(name: str) -> None:
    with pytest.raises(QueryProblem, match=f"`{name}:` needs a value right after it, such as `{name}:"):
        read(f"x {name}: y")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "x outcome:great",
            "`outcome:great` is not known; choose one of confirmed, answered, unsolved, failed.",
        ),
        ("x before:soon", "`before:soon` is no time; write 2026-05-01,"),
        ("x after:2026-02-30", "`after:2026-02-30` is no day of the calendar."),
        ("x -in:#ops", "`-in:` is not possible"),
        ("in:#ops", "Say what to look for beside the filters"),
    ],
)
def test_what_cannot_be_is_named_with_the_way_out(text: str, said: str) -> None:
    with pytest.raises(QueryProblem) as raised:
        read(text)
    assert str(raised.value).startswith(said)


@given(st.text())
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with suppress(QueryProblem):
        assert bool(read(text).text) == bool(text.strip())
