"""A worker may die at any instant of publishing: there is one branch, one commit and one pull request.

The instants are the failpoints around each append, the push and the opening of the pull request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.forge.plumbing import git
from memory.log.events import Json
from sandbox.choose import open_sandbox
from sandbox.port import Sandbox
from tests.forge.origins import bare, commit, initialised
from tests.support.product import Died, Product, product
from tests.support.script_model import Answer, ScriptModel, says

DECLARED = '[commands]\nformat = "echo formatted >> file"\ntest = "grep -q fixed file"\n'


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return open_sandbox("auto", tmp_path_factory.mktemp("workspaces"))


@pytest.fixture
def built(engine: Engine, tmp_path: Path, sandbox: Sandbox) -> Iterator[Product]:
    with product(engine, tmp_path, sandbox) as built:
        yield built


def fixes(thread: str) -> ScriptModel:
    """A model that changes the file in its own way for each thread, and says so."""

    def script(messages: Sequence[Json]) -> Answer:
        if len(messages) > 1:
            return says("Fixed.")
        command = f"echo fixed {thread} > file && git commit -qam 'Fix it'"
        name = f"toolu_{thread.replace('.', '_')}"
        return [{"type": "tool_use", "id": name, "name": "bash", "input": {"command": command}}]

    return ScriptModel(script)


def run(built: Product) -> str:
    """One thread to its end, whoever dies on the way."""
    thread = built.say("ada", "general", "@Oxbow the file is wrong")
    model = fixes(thread)
    try:
        built.settle(model)
    except Died:
        built.lapse()
        built.settle(model)
    return thread


def refs(repository: Path, *prefixes: str) -> list[str]:
    return git("for-each-ref", "--format=%(refname)", *prefixes, cwd=repository).split()


@pytest.mark.parametrize(
    ("failpoint", "times"),
    [
        ("append:before", 19),
        ("append:after", 19),
        ("push:before", 1),
        ("push:after", 1),
        ("pull_request:before", 1),
        ("pull_request:after", 1),
    ],
)
def test_from_every_failpoint_there_is_one_branch_and_one_pull_request(
    built: Product, tmp_path: Path, failpoint: str, times: int
) -> None:
    work = initialised(tmp_path / "work")
    commit(work, DECLARED, ".oxbow.toml")
    repository = bare(tmp_path / "cart.git", work)
    built.addresses = (repository.as_uri(),)
    at, died = 0, True
    while died:
        at += 1
        death = built.instants.die_at(failpoint, at)
        thread, died = run(built), death.happened
        built.instants.forget()
        where = f"died at {failpoint}, number {at}"
        branches = refs(repository, "refs/heads/oxbow")
        assert len(branches) == at, where
        assert len(refs(repository, "refs/oxbow/pull")) == at, where
        [head] = {it for it in branches if git("show", f"{it}:file", cwd=repository).split()[1] == thread}
        assert git("show", f"{head}:file", cwd=repository) == f"fixed {thread}\nformatted\n", where
        assert git("rev-list", "--count", f"trunk..{head}", cwd=repository).strip() == "1", where
        named = [said for said in built.answers("general", thread) if "*Draft pull request*" in said]
        assert len(named) == 1, where
    assert at > times, "publishing crosses it more often than that"
