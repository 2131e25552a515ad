"""What a repository may declare of itself."""

from __future__ import annotations

import pytest

from bot.forge.declaration import Declaration, DeclarationWrong, declared


def test_commands_run_in_one_order_whatever_the_file_says() -> None:
    told = declared('[commands]\ntest = "make test"\nsetup = "make"\nformat = "fmt ."\n')
    assert list(told.commands.items()) == [("setup", "make"), ("format", "fmt ."), ("test", "make test")]


def test_services_are_declared_by_name() -> None:
    assert declared('services = ["postgres"]\n').services == ("postgres",)


@pytest.mark.parametrize("content", [None, "", "[commands]\n"])
def test_nothing_need_be_declared(content: str | None) -> None:
    assert declared(content) == Declaration()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[commands", "is no TOML"),
        ('[commands]\ndeploy = "x"\n', "and nothing else"),
        ('[secrets]\nkey = "x"\n', "and nothing else"),
        ("commands = 3\n", "and nothing else"),
        ('services = ["mysql"]\n', "services is a list of postgres"),
        ('services = "postgres"\n', "services is a list of postgres"),
        ("[commands]\ntest = 3\n", "test must be a command"),
        ('[commands]\ntest = "  "\n', "test must be a command"),
    ],
)
def test_what_is_wrong_is_said(content: str, says: str) -> None:
    with pytest.raises(DeclarationWrong, match=says):
        declared(content)
