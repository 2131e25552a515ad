"""Who may import what, and how long a file may grow."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PROJECT_IMPORTS = {
    "bot": {"bot", "memory", "sandbox"},
    "memory": {"memory", "migrations"},
    "sandbox": {"sandbox"},
    "migrations": {"migrations", "memory"},
}
"""Each package of the project, and which of them it may import."""

OWNERS = {
    "anthropic": ("bot/model/anthropic.py",),
    "docker": ("sandbox/docker_engine.py",),
    "e2b": ("sandbox/e2b_cloud.py",),
    "github": ("bot/forge/",),
    "kubernetes": ("sandbox/kubernetes_cluster.py",),
    "kingfisher_sdk": ("memory/secrets/mask.py",),
    "sentence_transformers": ("memory/embedding/encoders.py",),
    "slack_bolt": ("bot/slack/",),
    "slack_sdk": ("bot/slack/",),
    "sqlalchemy": ("memory/", "migrations/"),
    "subprocess": ("sandbox/", "memory/postgres/server.py", "bot/forge/"),
    "torch": ("memory/embedding/encoders.py",),
}
"""Modules that only these files or folders may import."""

PURE = (
    "bot/brain/approving.py",
    "bot/brain/changes/at_base.py",
    "bot/brain/budget.py",
    "bot/brain/conclusion.py",
    "bot/brain/conversation.py",
    "bot/brain/images.py",
    "bot/brain/decide.py",
    "bot/brain/permitting.py",
    "bot/brain/policy.py",
    "bot/brain/changes/publication.py",
    "bot/brain/repository_choice.py",
    "bot/brain/splitting.py",
    "bot/brain/steps.py",
    "bot/brain/tools.py",
    "bot/forge/inspection.py",
    "bot/forge/repository.py",
    "bot/forge/lists.py",
    "bot/model/prices.py",
    "bot/slack/showing/approval.py",
    "bot/slack/showing/pull_requests.py",
    "bot/slack/showing/offer.py",
    "bot/brain/snippets.py",
    "bot/slack/showing/links.py",
    "bot/slack/showing/bold.py",
    "bot/slack/showing/code_spans.py",
    "bot/slack/showing/rendered.py",
    "bot/slack/showing/repository_question.py",
    "bot/slack/showing/rendering.py",
    "bot/slack/hearing/text.py",
    "memory/statistics/availability.py",
    "memory/log/changes.py",
    "memory/log/change.py",
    "memory/log/change_events.py",
    "memory/log/change_fold.py",
    "memory/log/change_notes.py",
    "memory/solutions/chunking.py",
    "memory/solutions/distil.py",
    "memory/log/distilled_events.py",
    "memory/log/events.py",
    "memory/log/file_events.py",
    "memory/log/file_fold.py",
    "memory/log/outgoing_events.py",
    "memory/log/outgoing_fold.py",
    "memory/log/fold.py",
    "memory/solutions/forms.py",
    "memory/solutions/grounding.py",
    "memory/log/sandbox_fold.py",
    "memory/secrets/names.py",
    "memory/secrets/shapes.py",
    "memory/log/network_events.py",
    "memory/log/repository_choice.py",
    "memory/log/repository_events.py",
    "memory/log/session.py",
    "memory/statistics/spans.py",
    "memory/log/stories.py",
    "memory/solutions/terms.py",
    "memory/log/usage.py",
    "memory/log/thread_events.py",
    "memory/log/workspace_events.py",
)
"""Modules of pure functions: no file, no network, no clock, no chance, no thread."""

VOCABULARY = ("bot/model/port.py", "memory/solutions/solution.py", "sandbox/port.py")
"""Types and protocols without behaviour, which pure modules may name."""

PURE_LIBRARY = {
    "__future__",
    "abc",
    "base64",
    "collections",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "struct",
    "types",
    "typing",
} | {
    *("functools", "hashlib", "html", "itertools", "json", "math", "operator", "posixpath", "re", "shlex"),
    "string",
    *("textwrap", "unicodedata", "urllib.parse", "uuid", "zlib"),
    "snowballstemmer",  # words to stems by rules alone
}
"""What pure modules may import from outside: of the standard library, and what is as pure as they are."""

LONGEST_FILE = 400
"""Lines. A longer file holds a second concept."""

LONGER_FILES: dict[str, str] = {
    "memory/postgres/server.py": "one supervisor; its parts would have to share every private detail",
    "tests/memory/test_fold.py": "one test for each kind of event, in the order of the events",
}
"""Files over the limit, each with the reason why it stays whole."""

SOURCES = [
    path
    for package in PROJECT_IMPORTS
    for path in sorted((ROOT / package).rglob("*.py"))
    if not path.is_relative_to(ROOT / "bot/demo/repositories")  # material the bot works on, not the bot
]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Dotted names of what a file imports, inside functions too; of `from a import b`, both `a` and `a.b`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def within(module: str, parents: set[str]) -> bool:
    return any(module == parent or module.startswith(f"{parent}.") for parent in parents)


def test_imports_name_the_whole_module() -> None:
    assert not [
        f"{name(path)} imports {module}" for path in SOURCES for module in imports(path) if module[0] == "."
    ]


def test_bot_imports_memory_and_sandbox_which_import_neither_bot_nor_each_other() -> None:
    others = {*PROJECT_IMPORTS, "tests"}
    assert not [
        f"{name(path)} imports {module}"
        for path in SOURCES
        for module in imports(path)
        if within(module, others - PROJECT_IMPORTS[name(path).split("/")[0]])
    ]


@pytest.mark.parametrize("owned", OWNERS)
def test_is_imported_by_its_owners_only(owned: str) -> None:
    assert not [
        name(path)
        for path in SOURCES
        if not name(path).startswith(OWNERS[owned])
        if any(within(module, {owned}) for module in imports(path))
    ]


@pytest.mark.parametrize("pure", PURE)
def test_pure_modules_import_nothing_that_does_input_or_output(pure: str) -> None:
    assert not [
        module
        for module in imports(ROOT / pure)
        if not within(module, PURE_LIBRARY)
        if not within(module, {file[:-3].replace("/", ".") for file in (*PURE, *VOCABULARY)})
    ]


def test_no_file_holds_a_second_concept() -> None:
    lengths = {
        name(path): len(path.read_text().splitlines())
        for path in [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]
    }
    assert {file for file, lines in lengths.items() if lines > LONGEST_FILE} == set(LONGER_FILES)


def test_the_command_line_starts_without_the_heavy_packages() -> None:
    heavy = "{'anthropic', 'github', 'sentence_transformers', 'torch'}"
    code = f"import sys, bot.cli; print(*sorted({heavy} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, cwd=ROOT).split() == []
