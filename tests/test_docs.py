"""The documentation says what the code does: settings, commands, scopes, rules, events, links and tests."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from bot.brain.decide import RULES
from bot.cli import main
from bot.settings import Settings
from bot.slack.manifest import manifest
from memory.log.codec import type_name
from memory.log.events import Event

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = (README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))

LINK = re.compile(r"\]\((?!https?://)([^)#\s]+)")
CODE = re.compile(r"`([^`\n]+)`")
PLACE = re.compile(r"(?:bot|memory|sandbox|migrations|tests|docs|scripts)/[\w./-]+")
COMMAND = re.compile(r"^    (\w+) ", re.MULTILINE)
"""A line of `oxbow --help` that begins with a command."""
TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")


def test_every_setting_is_in_the_table_and_nothing_else_is() -> None:
    rows = [line.split("|") for line in _section(README, "Configuration") if line.startswith("| `")]
    assert sorted(_code(row[1]) for row in rows) == sorted(name.upper() for name in Settings.model_fields)


def test_the_table_states_the_defaults_that_the_code_has() -> None:
    rows = [line.split("|") for line in _section(README, "Configuration") if line.startswith("| `")]
    stated = {_code(row[1]): _code(row[2]) for row in rows if "`" in row[2]}
    fields = {name.upper(): field.default for name, field in Settings.model_fields.items()}
    assert stated == {name: str(default) for name, default in fields.items() if default not in (None, (), "")}


def test_every_command_is_in_the_readme_and_nothing_else_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = COMMAND.findall(capsys.readouterr().out)
    rows = [line for line in _section(README, "The `oxbow` command") if line.startswith("| `")]
    assert {_code(row.split("|")[1]).removeprefix("oxbow ") for row in rows} == set(commands)


def test_the_scopes_of_the_manifest_are_explained() -> None:
    scopes = manifest(request_url=None)["oauth_config"]["scopes"]["bot"]
    rows = [line for line in _section(ROOT / "docs/slack-setup.md", "The app") if line.startswith("| `")]
    assert [_code(row.split("|")[1]) for row in rows] == scopes


def test_the_rules_of_the_brain_are_listed_in_their_order() -> None:
    rows = [line for line in _section(ROOT / "docs/architecture.md", "The loop") if line.startswith("| `")]
    assert [_code(row.split("|")[1]) for row in rows] == [rule.__name__ for rule in RULES]


def test_every_event_is_in_the_contract_of_the_log() -> None:
    named = CODE.findall("\n".join(_section(ROOT / "docs/log.md", "Scope")))
    assert {type_name(kind) for kind in get_args(Event)} <= set(named)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_exists(page: Path) -> None:
    targets = [page.parent / target for target in LINK.findall(page.read_text())]
    assert [str(target) for target in targets if not target.exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_folders_that_a_page_names_exist(page: Path) -> None:
    named = {place.group() for code in CODE.findall(page.read_text()) if (place := PLACE.match(code))}
    assert [place for place in sorted(named) if not (ROOT / place).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tests_that_a_page_names_exist(page: Path) -> None:
    named = TEST.findall(page.read_text())
    assert [f"{file}::{test}" for file, test in named if test not in _tests(ROOT / file)] == []


def test_every_reported_fault_is_held_by_a_test_or_said_to_be_open() -> None:
    lines = (ROOT / "docs/slack-faults.md").read_text().splitlines()
    rows = [line.split("|") for line in lines if re.match(r"\| \d+ \|", line)]
    assert len(rows) > 70
    assert [row[1] for row in rows if not TEST.search(row[4]) and "not yet" not in row[3]] == []


def _section(page: Path, title: str) -> list[str]:
    """The lines below a heading of the second level, up to the next one."""
    _, found, rest = page.read_text().partition(f"\n## {title}\n")
    assert found, f"{page.name} has no section {title!r}"
    return rest.partition("\n## ")[0].splitlines()


def _code(cell: str) -> str:
    """What stands first in backticks."""
    found = CODE.search(cell)
    assert found, f"nothing stands in backticks in {cell!r}"
    return found.group(1)


def _tests(file: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)}
