"""What a repository may declare of itself."""

from __future__ import annotations

import pytest

from bot.forge.declaration import DeclarationWrong, declared


def test_commands_run_in_one_order_whatever_the_file_says() -> None:
    told = declared('[commands]\ntest = "make test"\nsetup = "make"\nformat = "fmt ."\n')
    assert list(told.items()) == [("setup", "make"), ("format", "fmt ."), ("test", "make test")]


@pytest.mark.parametrize("content", [None, "", "[commands]\n"])
def test_nothing_need_be_declared(content: str | None) -> None:
    assert declared(content) == {}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[commands", "is no TOML"),
        ('[commands]\ndeploy = "x"\n', "and nothing else"),
        ('[secrets]\nkey = "x"\n', "and nothing else"),
        ("commands = 3\n", "and nothing else"),
        ("[commands]\ntest = 3\n", "test must be a command"),
        ('[commands]\ntest = "  "\n', "test must be a command"),
    ],
)
def test_what_is_wrong_is_said(content: str, says: str) -> None:
    with pytest.raises(DeclarationWrong, match=says):
        declared(content)
