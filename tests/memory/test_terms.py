"""Terms: what engineers paste is found whole and by its parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.solutions.terms import LONGEST_TERM, STOP_WORDS, spellings, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KeyError", {"keyerror", "key", "error"}),
        ("parse_tz", {"parse_tz", "pars", "tz"}),
        ("HTTPServerError", {"httpservererror", "http", "server", "error"}),
        ("utf8", {"utf8", "utf"}),
        ("ORA-00942", {"ora-00942", "ora", "00942"}),
        ("E0308", {"e0308", "0308"}),
        ("path.join", {"path.join", "path", "join"}),
        ("src/app/tz.py", {"src/app/tz.py", "src", "app", "tz", "py"}),
        ("std::vector", {"std::vector", "std", "vector"}),
        ("C++ and C#", {"c++", "c#"}),
        ("3.11.7", {"3.11.7", "11"}),
        ("naïve_Größe", {"naïve_größe", "naïve", "größe"}),
    ],
)
def test_keeps_a_token_whole_and_adds_its_parts(text: str, expected: set[str]) -> None:
    assert set(terms(text)) == expected


def test_counts_how_often_a_term_occurs() -> None:
    assert terms("tz Tz TZ, parse_tz")["tz"] == 4


def test_counts_a_plain_word_once() -> None:
    assert terms("import") == {"import": 1}


@pytest.mark.parametrize(
    ("one", "other"),
    [("imports failed", "import fails"), ("caching nodes", "cached node"), ("configured", "Configuration")],
)
def test_finds_a_word_by_its_other_forms(one: str, other: str) -> None:
    assert terms(one) == terms(other)


@pytest.mark.parametrize("name", ["aws", "parse_tz", "s3s", "größes", "3.11.7"])
def test_leaves_alone_what_is_no_english_word(name: str) -> None:
    assert name in terms(name)


def test_drops_words_that_say_nothing() -> None:
    assert terms("How do I get this, please? It's what we don't have") == {}


def test_finds_words_beside_punctuation() -> None:
    assert set(terms("(import): 'failed', \"twice\"!")) == {"import", "fail", "twice"}


def test_drops_what_is_too_long_for_a_term_and_keeps_its_readable_parts() -> None:
    assert set(terms("/".join(["folder"] * 20))) == {"folder"}
    assert terms("x" * (LONGEST_TERM + 1)) == {}


def test_shows_a_term_as_the_text_spelled_it_first() -> None:
    assert spellings("KeyErrors and keyerror in parse_TZ")["keyerror"] == "KeyErrors"


@given(st.text())
def test_every_term_is_bounded_lower_case_and_no_stop_word(text: str) -> None:
    for term, count in terms(text).items():
        assert 2 <= len(term) <= LONGEST_TERM
        assert term not in STOP_WORDS
        assert term == term.lower()
        assert count > 0


@given(st.text())
def test_a_text_has_a_spelling_for_each_of_its_terms(text: str) -> None:
    assert spellings(text).keys() == terms(text).keys()
